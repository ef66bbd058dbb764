// How many of 200 transfers arrive whole over a path that loses packets: node test/bench/one-way.js [transfers [seed]]
// Packets, their order in time, and what repairs them are those of the programs; the path is simulated by a seed, so that the
// table is the same each time. Beside it each packet sent twice, as simpler tools for data diodes do, the copy as much later
// as the longest burst that the repair is made for. Needs dist/ (npm run build).
import { randomBytes } from 'node:crypto'
import { createXxh64 } from '../../dist/stream/xxh64.js'
import { readShard, segmentBytesOf } from '../../dist/udp/one-way/bodies.js'
import { depthFor, leastWindowBytes } from '../../dist/udp/one-way/interleaving.js'
import { PacketMaker } from '../../dist/udp/one-way/packet-maker.js'
import { RepairWindow } from '../../dist/udp/one-way/repair-window.js'
import { sessionOfStart } from '../../dist/udp/one-way/start-packet.js'
import { packetType } from '../../dist/udp/protocol.js'

const transfers = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? 1)
const packetBytes = 1458
const bytesPerMs = 100_000
const burstMs = 5
const content = randomBytes(10_000_000)
const packetsOfMs = bytesPerMs / packetBytes

/** @typedef {{ name: string, overhead: number, arrives: (isLost: (at: number) => boolean) => boolean }} Way */
/** @typedef {(chance: (share: number) => boolean, slots: number) => (at: number) => boolean} Path */

const trust = { sharedKey: new Uint8Array(32), cipher: /** @type {const} */ ('none'), xxh64: await createXxh64() }
const ways = [repaired(20, 2), repaired(20, 6), repaired(20, 20), twice()]
/** @type {[string, Path][]} */
const paths = [
  ...[0.1, 1, 2, 5].map(
    (percent) => /** @type {[string, Path]} */ ([`${percent} % at random`, atRandom(percent / 100)]),
  ),
  ['4 ms in a row, every 50 ms', inBursts(4, 50)],
  ['4 ms in a row, every 50 ms, and 0.1 %', both(inBursts(4, 50), atRandom(0.001))],
  ['8 ms in a row, once in 1 s', inBursts(8, 1000)],
]

console.log(`${content.length / 1e6} MB at ${bytesPerMs / 1000} MB/s, packets of ${packetBytes} bytes, seed ${seed}\n`)
console.log(`| lost | ${ways.map(({ name, overhead }) => `${name} (+${overhead} %)`).join(' | ')} |`)
console.log(`|---|${ways.map(() => '---|').join('')}`)
for (const [name, path] of paths) {
  const cells = ways.map(({ arrives }) => {
    const chance = chanceFrom(seed)
    let whole = 0
    for (let count = 0; count < transfers; count++) if (arrives(path(chance, 20_000))) whole++
    return `${whole}`
  })
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

/** @param {number} data @param {number} repair @returns {Way} */
function repaired(data, repair) {
  const code = { data, repair }
  const segmentBytes = segmentBytesOf(packetBytes, 8)
  const interleaving = { code, depth: depthFor(code, burstMs * bytesPerMs, packetBytes), segmentBytes }
  const drawn = { connection: Buffer.alloc(8), salt: Buffer.alloc(32), timeMs: 0 }
  const start = { ...drawn, cipher: trust.cipher, kind: /** @type {const} */ ('stream'), interleaving }
  const maker = new PacketMaker(sessionOfStart(start, Buffer.alloc(16), trust), interleaving)
  const slots = []
  for (let at = 0; at < content.length; at += segmentBytes)
    slots.push(...maker.segment(content.subarray(at, at + segmentBytes)))
  slots.push(...maker.finish())
  const packets = slots.map((slot) => slot && { type: slot[0], ...readShard(slot.subarray(16, -8), segmentBytes) })
  const arrives = (/** @type {(at: number) => boolean} */ isLost) => {
    const kept = packets.filter((packet, at) => packet?.shard !== undefined && !isLost(at))
    return isDelivered(kept, new RepairWindow(interleaving, leastWindowBytes(interleaving)))
  }
  return { name: `${data}+${repair}`, overhead: (100 * repair) / data, arrives }
}

/** @param {({ type?: number, index?: number, shard?: Buffer } | undefined)[]} packets @param {RepairWindow} window */
function isDelivered(packets, window) {
  const target = new Uint8Array(256 * 1024)
  let done = 0
  const takeAll = () => {
    for (let piece = window.take(target); piece !== undefined; piece = window.take(target)) {
      const { bytes, isLost } = piece
      if (isLost || content.compare(bytes, 0, bytes.length, done, done + bytes.length) !== 0) return false
      done += bytes.length
    }
    return true
  }
  for (const [at, packet] of packets.entries()) {
    const { type, index = 0, shard = Buffer.alloc(0) } = packet ?? {}
    if (type === packetType.segment) window.putSegment(index, shard)
    else window.putRepair(index, shard)
    if (at % 64 === 0 && !takeAll()) return false
  }
  window.end(content.length)
  window.giveUp()
  return takeAll() && done === content.length
}

/** @returns {Way} */
function twice() {
  const count = Math.ceil(content.length / segmentBytesOf(packetBytes, 8))
  const perGroup = Math.ceil(burstMs * packetsOfMs)
  return {
    name: 'each twice',
    overhead: 100,
    arrives(isLost) {
      for (let at = 0; at < count; at++) {
        const first = at + Math.floor(at / perGroup) * perGroup
        // Both are asked for, so that all ways draw alike.
        const [one, other] = [isLost(first), isLost(first + perGroup)]
        if (one && other) return false
      }
      return true
    },
  }
}

/** @param {number} share @returns {Path} */
function atRandom(share) {
  return (chance, slots) => {
    const lost = Uint8Array.from({ length: slots }, () => (chance(share) ? 1 : 0))
    return (at) => lost[at] === 1
  }
}

/** Bursts of one length begin at random. @param {number} ms @param {number} everyMs @returns {Path} */
function inBursts(ms, everyMs) {
  return (chance, slots) => {
    const lost = new Uint8Array(slots)
    for (let at = 0; at < slots; at++)
      if (chance(1 / (everyMs * packetsOfMs))) lost.fill(1, at, at + Math.round(ms * packetsOfMs))
    return (at) => lost[at] === 1
  }
}

/** @param {Path} one @param {Path} other @returns {Path} */
function both(one, other) {
  return (chance, slots) => {
    const [a, b] = [one(chance, slots), other(chance, slots)]
    return (at) => a(at) || b(at)
  }
}

/** The same in every run (mulberry32). @param {number} state @returns {(share: number) => boolean} */
function chanceFrom(state) {
  let now = state
  return (share) => {
    now = (now + 0x6d2b79f5) | 0
    let mixed = Math.imul(now ^ (now >>> 15), 1 | now)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < share
  }
}
