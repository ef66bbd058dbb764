// How fast fletcher4 and the reader of send streams are, by record size: node test/bench/send-stream.js [rounds]
// Rounds are interleaved and medians printed: the machine is noisy, ratios hold. Needs dist/ (npm run build).
import { createFletcher4 } from '../../dist/zfs/send-stream/fletcher4.js'
import { StreamJudge } from '../../dist/zfs/send-stream/judge.js'
import { aim } from './aims.js'
import { makeStream } from './make-stream.js'
import { median } from './race.js'

const rounds = Number(process.argv[2] ?? 9)
const mebibyte = 1024 * 1024
// More than the processor caches, as a stream from a pipe would be.
const streamBytes = 64 * mebibyte
const pushBytes = 256 * 1024
const recordSizes = [4096, 128 * 1024, mebibyte]

const runners = [...['simd', 'portable'].flatMap(sums), ...recordSizes.map(reader), copy()]
const speeds = new Map(runners.map(({ name }) => [name, /** @type {number[]} */ ([])]))
for (const { run } of runners) run()
for (let round = 0; round < rounds; round++)
  for (const { name, run } of runners) speeds.get(name)?.push(gigabytesPerSecond(run))

console.log(
  `The reader of send streams, on Node ${process.version}: medians of ${rounds} rounds, interleaved\n\n| | GB/s | lowest | highest |\n|---|---|---|---|`,
)
for (const [name, values] of speeds) {
  const cells = [median(values), Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2))
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
console.log()
aim('fletcher4 by SIMD, records of 128 KiB, GB/s', median(speeds.get('fletcher4, simd, 128 KiB') ?? []), 'at least', 5)
aim('the whole reader, records of 128 KiB, GB/s', median(speeds.get('reader, records of 128 KiB') ?? []), 'at least', 3)

/** @param {() => number} run  returns how many bytes it went through */
function gigabytesPerSecond(run) {
  const began = performance.now()
  const bytes = run()
  return bytes / (performance.now() - began) / 1e6
}

/** @param {'simd' | 'portable'} build */
function sums(build) {
  const fletcher4 = createFletcher4(build)
  const { memory, freeAt } = fletcher4
  for (let at = freeAt; at < memory.length; at++) memory[at] = (at * 7919) >> 3
  return [4096, 128 * 1024].flatMap((bytes) =>
    [false, true].map((isSwapped) => ({
      name: `fletcher4, ${build}, ${bytes / 1024} KiB${isSwapped ? ', swapped' : ''}`,
      run() {
        const turns = streamBytes / bytes
        for (let turn = 0; turn < turns; turn++) fletcher4.add(freeAt, bytes, isSwapped)
        return turns * bytes
      },
    })),
  )
}

/** @param {number} recordBytes */
function reader(recordBytes) {
  const stream = makeStream(streamBytes, recordBytes)
  return {
    name: `reader, records of ${recordBytes / 1024} KiB`,
    run() {
      const judge = new StreamJudge()
      for (let at = 0; at < stream.length; at += pushBytes) judge.push(stream.subarray(at, at + pushBytes))
      const { kind } = judge.finish()
      if (kind !== 'complete') throw new Error(`the reader calls it ${kind}`)
      return stream.length
    },
  }
}

/** What the reader cannot do without. */
function copy() {
  const stream = new Uint8Array(new SharedArrayBuffer(streamBytes)).fill(1)
  const target = new Uint8Array(pushBytes)
  return {
    name: 'copy alone',
    run() {
      for (let at = 0; at < stream.length; at += pushBytes) target.set(stream.subarray(at, at + pushBytes))
      return stream.length
    },
  }
}
