// `node test/bench/zudp.js [rounds [MTU…]]`: 2 GiB, pipe to pipe between two network namespaces, as root on Linux; every run compares
// what arrived. veth never cuts large segments, so TCP is as fast here as on no network card.
import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { aim, speedup } from './aims.js'
import { race } from './race.js'

const rounds = Number(process.argv[2] ?? 3)
const mtus = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [1500, 9000]
const megabytes = 2147
const root = join(import.meta.dirname, '../..')
const [here, there] = [`zudp-a-${process.pid}`, `zudp-b-${process.pid}`]
const input = `/dev/shm/zudp-bench-${process.pid}`
const node = process.execPath

/** @param {string} commandLine */
function sh(commandLine) {
  execFileSync('bash', ['-euc', commandLine], { stdio: ['ignore', 'ignore', 'inherit'] })
}

function setUp() {
  sh(`ip netns add ${here}; ip netns add ${there}
    ip -n ${here} link add va type veth peer name vb netns ${there}
    ip -n ${here} addr add 10.9.9.1/24 dev va; ip -n ${there} addr add 10.9.9.2/24 dev vb
    ip -n ${here} link set va up; ip -n ${there} link set vb up
    head -c ${megabytes}000000 /dev/urandom > ${input}
    ${node} ${root}/bin/zudp-send --new-key ${input}.key`)
}

function tearDown() {
  for (const name of [here, there]) spawnSync('ip', ['netns', 'delete', name])
  for (const file of [input, `${input}.key`]) rmSync(file, { force: true })
}

/** The receiver starts first, and gets time to listen. @param {string} receive @param {string} send @param {number} lead */
function transfer(receive, send, lead = 0) {
  return `{ ip netns exec ${there} ${receive} | cmp - ${input}; } & sleep ${lead}; cat ${input} | ip netns exec ${here} ${send} && wait $!`
}

/** @param {string} words */
function zudp(words) {
  return transfer(
    `${node} ${root}/bin/zudp-recv ${words} :1337`,
    `${node} ${root}/bin/zudp-send ${words} 10.9.9.2:1337`,
  )
}

const runners = [
  { name: 'mbuffer, TCP', command: transfer('mbuffer -q -I 1337', 'mbuffer -q -O 10.9.9.2:1337', 0.2) },
  {
    name: 'socat, TCP',
    command: transfer('socat -u TCP-LISTEN:1337,reuseaddr -', 'socat -u - TCP:10.9.9.2:1337', 0.2),
  },
  {
    name: 'mbuffer, openssl',
    command: transfer(
      `bash -c "mbuffer -q -I 1337 | openssl enc -d -aes-256-ctr -pbkdf2 -pass file:${input}.key"`,
      `bash -c "openssl enc -aes-256-ctr -pbkdf2 -pass file:${input}.key | mbuffer -q -O 10.9.9.2:1337"`,
      0.2,
    ),
  },
  { name: 'zudp --insecure', command: zudp('--insecure') },
  { name: 'zudp, encrypted', command: zudp(`--key ${input}.key`) },
]

try {
  setUp()
  for (const mtu of mtus) {
    sh(`ip -n ${here} link set va mtu ${mtu}; ip -n ${there} link set vb mtu ${mtu}`)
    const medians = race(`MTU ${mtu}, ${megabytes} MB from pipe to pipe`, megabytes / 1000, rounds, runners)
    const cpu = (/** @type {string} */ name) => medians.get(name)?.cpuSeconds ?? Number.NaN
    const gibits = (/** @type {string} */ name) =>
      (megabytes * 8e6) / 2 ** 30 / (medians.get(name)?.seconds ?? Number.NaN)
    console.log()
    aim(
      `in clear, MTU ${mtu}: times the speed of mbuffer`,
      speedup(medians, 'zudp --insecure', 'mbuffer, TCP'),
      'at least',
      1,
    )
    aim(`in clear, MTU ${mtu}: times the CPU of mbuffer`, cpu('zudp --insecure') / cpu('mbuffer, TCP'), 'at most', 1.2)
    aim(
      `encrypted, MTU ${mtu}: times the speed of mbuffer in clear`,
      speedup(medians, 'zudp, encrypted', 'mbuffer, TCP'),
      'at least',
      0.7,
    )
    aim(
      `encrypted, MTU ${mtu}: times the speed of mbuffer through openssl`,
      speedup(medians, 'zudp, encrypted', 'mbuffer, openssl'),
      'at least',
      1.5,
    )
    const rss = Math.max(
      ...['zudp --insecure', 'zudp, encrypted'].map((name) => medians.get(name)?.rssMib ?? Number.NaN),
    )
    aim(`MTU ${mtu}: MiB of memory`, rss, 'at most', 128)
    // Where this machine is fast enough for it.
    if (mtu === 9000 && gibits('mbuffer, TCP') >= 6)
      aim(`in clear, MTU ${mtu}: Gibit/s`, gibits('zudp --insecure'), 'at least', 6)
  }
} finally {
  tearDown()
}
