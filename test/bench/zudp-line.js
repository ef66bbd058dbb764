// `node test/bench/zudp-line.js [round trip in ms [seconds [loss in %…]]]`: zudp, encrypted, beside TCP cubic and TCP BBR, one
// after the other over a line of 300 Mbit/s that is long and loses packets (long-line/relay.c, with a queue of one round trip,
// 50 ms at least), as root on Linux, with a C compiler and iperf3.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aim } from './aims.js'
import { address, makeEnds, lineMbit as mbit, overLine } from './long-line/long-line.js'

const rttMs = Number(process.argv[2] ?? 100)
const seconds = Number(process.argv[3] ?? 10)
const losses = process.argv.length > 4 ? process.argv.slice(4).map(Number) : [0, 0.1, 1, 5]
// For what is under way when the input ends.
const patienceMs = 20_000
const root = join(import.meta.dirname, '../..')
const node = process.execPath
const ends = makeEnds()
const { here, there, key } = ends

/** @param {string} name @param {string[]} words */
function within(name, ...words) {
  const child = spawn('ip', ['netns', 'exec', name, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  return child
}

/** @param {string} control @returns {Promise<string>} */
async function tcp(control) {
  const server = within(there, 'iperf3', '-s', '-1')
  await sleep(500)
  const client = within(here, 'iperf3', '-c', address, '-C', control, '-t', String(seconds), '-J')
  let json = ''
  client.stdout.on('data', (bytes) => (json += bytes))
  const [status] = await once(client, 'close')
  server.kill()
  if (status !== 0) throw new Error(`iperf3, of the package of that name, ended with status ${status}: ${json}`)
  return ((JSON.parse(json).end.sum_received.bytes * 8) / seconds / 1e6).toFixed(0)
}

/**
 * Counts what the receiver writes from the moment at which the sender has called; then its input ends, so that it tells how
 * much it has sent again. @returns {Promise<string>}
 */
async function zudp() {
  const receiver = within(there, node, `${root}/bin/zudp-recv`, '-v', '--key', key, ':1337')
  /** @type {[number, number][]} */
  const history = []
  let [bytes, startMs] = [0, 0]
  receiver.stdout.on('data', (piece) => {
    bytes += piece.length
    history.push([performance.now() - startMs, bytes])
  })
  await sleep(700)
  const send = `${node} ${root}/bin/zudp-send -v --format bytes --key ${key} ${address}:1337`
  const sender = within(here, 'bash', '-c', `timeout ${seconds + 1} cat /dev/zero | ${send}`)
  let told = ''
  sender.stderr.on('data', (text) => (told += text))
  const ended = once(sender, 'close')
  for await (const text of receiver.stderr) if (String(text).includes('connected')) break
  startMs = performance.now()
  await sleep(seconds * 1000)
  const rate = (bytes * 8) / seconds / 1e6
  const timer = setTimeout(() => spawnSync('bash', ['-c', `ip netns pids ${here} | xargs -r kill -9`]), patienceMs)
  await ended
  clearTimeout(timer)
  receiver.kill('SIGKILL')
  const again = /([\d.]+) % of them again/.exec(told)?.[1] ?? 'nothing told'
  return `${rate.toFixed(0)} | ${(startUpMs(history) / rttMs).toFixed(0)} | ${again}`
}

/** When 80 % of the line was used for a round trip, or 100 ms. @param {[number, number][]} history */
function startUpMs(history) {
  const spanMs = Math.max(100, rttMs)
  const isFast = (/** @type {[number, number]} */ [atMs, bytes]) => {
    const before = history.findLast(([ms]) => ms <= atMs - spanMs)?.[1] ?? 0
    return (bytes - before) * 8 > 0.8 * mbit * 1000 * spanMs
  }
  return history.find(isFast)?.[0] ?? Number.POSITIVE_INFINITY
}

try {
  console.log(`${mbit} Mbit/s, round trip ${rttMs} ms, Mbit/s in ${seconds} s\n`)
  console.log('| lost | TCP cubic | TCP BBR | zudp | its start-up, round trips | its packets sent again, % |')
  console.log('|---|---|---|---|---|---|')
  /** @type {{ loss: number, words: number[] }[]} */
  const own = []
  for (const loss of losses) {
    const cells = []
    for (const measure of [() => tcp('cubic'), () => tcp('bbr'), zudp])
      cells.push(await overLine(ends, { rttMs, loss }, measure))
    console.log(`| ${loss} % | ${cells.join(' | ')} |`)
    own.push({ loss, words: (cells[2] ?? '').split(' | ').map(Number) })
  }
  console.log()
  for (const { loss, words } of own) {
    const [rate = Number.NaN, startUp = Number.NaN, again = Number.NaN] = words
    aim(`${rttMs} ms, ${loss} % lost: of the line`, rate / mbit, 'at least', loss > 1 ? 0.6 : 0.8)
    aim(`${rttMs} ms, ${loss} % lost: round trips to 80 % of it`, startUp, 'at most', 12)
    if (loss === 0) aim(`${rttMs} ms, nothing lost: % of its packets sent again`, again, 'at most', 2)
  }
} finally {
  ends.remove()
}
