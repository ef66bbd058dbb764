// `node test/bench/zudp-share.js [round trip in ms [seconds [case…]]]`: who gets how much of a line of 300 Mbit/s
// (long-line/relay.c, a queue of one round trip, 50 ms at least): zudp beside TCP, and beside itself; and what a flood of garbage
// leaves of it. As root on Linux, with a C compiler and iperf3. Cases: bbr, cubic, zudp, flood.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aim } from './aims.js'
import { address, lineMbit, makeEnds, overLine } from './long-line/long-line.js'

const rttMs = Number(process.argv[2] ?? 20)
const seconds = Number(process.argv[3] ?? 20)
const cases = process.argv.length > 4 ? process.argv.slice(4) : ['bbr', 'cubic', 'zudp', 'flood']
const bin = join(import.meta.dirname, '../../bin')
const node = process.execPath
const ends = makeEnds()
const { here, there, key } = ends

/** Runs a shell line in a namespace; resolves to what it prints. @param {string} name @param {string} line */
function run(name, line) {
  const child = spawn('ip', ['netns', 'exec', name, 'bash', '-c', line], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  return new Promise((resolve) => child.once('close', () => resolve(text)))
}

/** Mbit/s that one zudp delivers. @param {number} port */
async function zudp(port) {
  const words = `--timeout 2s --format bytes --key ${key}`
  const received = run(there, `${node} ${bin}/zudp-recv ${words} :${port} | wc -c`)
  await sleep(1000)
  await run(here, `timeout ${seconds} ${node} ${bin}/zudp-send ${words} ${address}:${port} < /dev/zero`)
  return (Number(await received) * 8) / seconds / 1e6
}

/** The same of a TCP. @param {string} control @param {number} port */
async function tcp(control, port) {
  const server = run(there, `iperf3 -s -1 -p ${port}`)
  await sleep(1000)
  const json = await run(here, `iperf3 -c ${address} -p ${port} -C ${control} -t ${seconds} -J`)
  await server
  return (JSON.parse(String(json)).end.sum_received.bytes * 8) / seconds / 1e6
}

/** Packets without end to the port of a receiver, from its own side of the line. @param {number} port */
function flood(port) {
  const script = `const s=require('dgram').createSocket('udp4');const b=Buffer.alloc(1400,7);let n=0;
    const more=()=>s.send(b,${port},'${address}',()=>{n++;setImmediate(more)});for(let i=0;i<64;i++)more();
    setTimeout(()=>{console.log(n);process.exit()},${(seconds + 1) * 1000})`
  return run(there, `${node} -e "${script.replaceAll('\n', ' ')}"`)
}

/** @param {string} name @param {number} own @param {number} other @param {number} least  the smaller share there may be, in % */
function tellShares(name, own, other, least) {
  const share = (100 * own) / (own + other)
  console.log(`| ${name} | ${own.toFixed(0)} | ${other.toFixed(0)} |`)
  return () => aim(`${rttMs} ms, ${name}: % of the smaller share`, Math.min(share, 100 - share), 'at least', least)
}

/** Resolves to what tells the aim, if there is one. @param {string} name @returns {Promise<() => void>} */
async function measure(name) {
  if (name === 'zudp') {
    const [one, two] = await Promise.all([zudp(1337), zudp(1338)])
    return tellShares('another zudp', one, two, 40)
  }
  if (name === 'flood') {
    const alone = await zudp(1337)
    const [packets, flooded] = await Promise.all([sleep(1000).then(() => flood(1337)), zudp(1337)])
    console.log(`| ${Math.round(Number(packets) / seconds)} packets of garbage a second | ${flooded.toFixed(0)} | |`)
    return () => aim(`${rttMs} ms, garbage: of what it is without`, flooded / alone, 'at least', 0.7)
  }
  const [own, other] = await Promise.all([zudp(1337), tcp(name, 5201)])
  if (name === 'bbr') return tellShares('TCP BBR', own, other, 30)
  console.log(`| TCP ${name} | ${own.toFixed(0)} | ${other.toFixed(0)} |`)
  return () => {}
}

try {
  console.log(`${lineMbit} Mbit/s, round trip ${rttMs} ms, Mbit/s in ${seconds} s\n`)
  console.log('| zudp beside | zudp | the other |\n|---|---|---|')
  const aims = []
  for (const each of cases) aims.push(await overLine(ends, { rttMs }, () => measure(each)))
  console.log()
  for (const tellAim of aims) tellAim()
} finally {
  ends.remove()
}
