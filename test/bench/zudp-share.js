// `node test/bench/zudp-share.js [seconds] [case…]`: who gets how much of a bottleneck of 300 Mbit/s (tbf, a queue of 50 ms)
// between network namespaces, as root on Linux: zudp beside TCP, and beside itself; and what a flood of garbage leaves of it.
// Cases: bbr, cubic, zudp, flood.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const seconds = Number(process.argv[2] ?? 20)
const cases = process.argv.length > 3 ? process.argv.slice(3) : ['bbr', 'cubic', 'zudp', 'flood']
const root = join(import.meta.dirname, '../..')
const node = process.execPath
const [here, middle, there] = ['a', 'm', 'b'].map((end) => `zudp-${end}-${process.pid}`)
const key = `/dev/shm/zudp-share-${process.pid}.key`
const address = '10.9.2.2'

function setUp() {
  execFileSync('bash', [
    '-euc',
    `for n in ${here} ${middle} ${there}; do ip netns add $n; ip -n $n link set lo up; done
    ip -n ${here} link add va type veth peer name vm netns ${middle}
    ip -n ${there} link add vb type veth peer name vn netns ${middle}
    ip -n ${here} addr add 10.9.1.1/24 dev va; ip -n ${middle} addr add 10.9.1.2/24 dev vm
    ip -n ${middle} addr add 10.9.2.1/24 dev vn; ip -n ${there} addr add ${address}/24 dev vb
    ip -n ${here} link set va up; ip -n ${middle} link set vm up; ip -n ${middle} link set vn up; ip -n ${there} link set vb up
    ip -n ${here} route add default via 10.9.1.2; ip -n ${there} route add default via 10.9.2.1
    ip netns exec ${middle} sysctl -qw net.ipv4.ip_forward=1
    ip netns exec ${middle} tc qdisc add dev vn root tbf rate 300mbit burst 64kb latency 50ms
    ${node} ${root}/bin/zudp-send --new-key ${key}`,
  ])
}

function tearDown() {
  for (const name of [here, middle, there]) spawnSync('ip', ['netns', 'delete', name])
  rmSync(key, { force: true })
}

/** Runs a shell line in a namespace; resolves to what it prints. @param {string} name @param {string} line */
function run(name, line) {
  const child = spawn('ip', ['netns', 'exec', name, 'bash', '-c', line], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  return new Promise((resolve) => child.once('close', () => resolve(text)))
}

/** Bytes that one zudp delivers in the time. @param {number} port @param {number} lead */
async function zudp(port, lead = 0) {
  const words = `--timeout 2s --format bytes --key ${key}`
  const received = run(there, `${node} ${root}/bin/zudp-recv ${words} :${port} | wc -c`)
  await sleep(1000 + lead)
  await run(here, `timeout ${seconds} ${node} ${root}/bin/zudp-send ${words} ${address}:${port} < /dev/zero`)
  return Number(await received)
}

/** @param {string} control @param {number} port */
async function tcp(control, port) {
  const server = run(there, `iperf3 -s -1 -p ${port}`)
  await sleep(1000)
  const json = await run(here, `iperf3 -c ${address} -p ${port} -C ${control} -t ${seconds} -J`)
  await server
  return JSON.parse(String(json)).end.sum_received.bytes
}

/** Packets without end to the port of a receiver, from its own side of the bottleneck. @param {number} port */
function flood(port) {
  const script = `const s=require('dgram').createSocket('udp4');const b=Buffer.alloc(1400,7);let n=0;
    const more=()=>s.send(b,${port},'${address}',()=>{n++;more()});for(let i=0;i<64;i++)more();
    setTimeout(()=>{console.log(n);process.exit()},${(seconds + 1) * 1000})`
  return run(there, `${node} -e "${script.replaceAll('\n', ' ')}"`)
}

/** @param {string} title @param {[string, number][]} flows */
function tell(title, flows) {
  const sum = flows.reduce((total, [, bytes]) => total + bytes, 0)
  const cells = flows.map(([name, bytes]) => {
    const mbit = ((bytes * 8) / seconds / 1e6).toFixed(0)
    return `${name} ${mbit} Mbit/s (${((100 * bytes) / sum).toFixed(0)} %)`
  })
  console.log(`${title}: ${cells.join(', ')}`)
}

try {
  setUp()
  for (const each of cases) {
    if (each === 'zudp') {
      const [one, two] = await Promise.all([zudp(1337), zudp(1338)])
      tell('two zudp', [
        ['first', one],
        ['second', two],
      ])
    } else if (each === 'flood') {
      const alone = await zudp(1337)
      const [packets, flooded] = await Promise.all([sleep(1000).then(() => flood(1337)), zudp(1337)])
      const share = ((100 * flooded) / alone).toFixed(0)
      console.log(
        `zudp under ${Math.round(Number(packets) / seconds)} packets of garbage a second: ${share} % of ${((alone * 8) / seconds / 1e6).toFixed(0)} Mbit/s`,
      )
    } else {
      const [own, other] = await Promise.all([zudp(1337), tcp(each, 5201)])
      tell(`zudp beside TCP ${each}`, [
        ['zudp', own],
        [each, other],
      ])
    }
  }
} finally {
  tearDown()
}
