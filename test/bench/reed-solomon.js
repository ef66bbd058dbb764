// How fast repair shards are made, and lost shards given back: node test/bench/reed-solomon.js [rounds [code…]]
// MB/s of data; rounds are interleaved, as the machine is noisy. Needs dist/ (npm run build).
import { Reconstruction, RepairShards } from '../../dist/udp/one-way/reed-solomon.js'
import { aim } from './aims.js'
import { median } from './race.js'

const rounds = Number(process.argv[2] ?? 7)
const depth = 64
// What a packet of an Ethernet frame of 1500 or 9000 bytes has of the stream.
const shardSizes = [1420, 8920]
const codes = process.argv.length > 3 ? process.argv.slice(3) : ['20+2', '10+1', '32+4', '64+8', '20+20']

const runners = codes.flatMap((name) =>
  shardSizes.flatMap((bytes) => [encoder(name, bytes, 'simd'), encoder(name, bytes, 'portable'), decoder(name, bytes)]),
)
const speeds = new Map(runners.map(({ name }) => [name, /** @type {number[]} */ ([])]))
for (const { run } of runners) run()
for (let round = 0; round < rounds; round++)
  for (const { name, run } of runners) speeds.get(name)?.push(megabytesPerSecond(run))

console.log(
  `Node ${process.version}; medians of ${rounds} rounds, interleaved\n\n| | MB/s | lowest | highest |\n|---|---|---|---|`,
)
for (const [name, values] of speeds) {
  const cells = [median(values), Math.min(...values), Math.max(...values)].map((value) => value.toFixed(0))
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
console.log()
for (const bytes of shardSizes) {
  const encoding = median(speeds.get(`encode 20+2, ${bytes} bytes, simd`) ?? []) / 1000
  aim(`repair packets of 20+2 made for packets of ${bytes} bytes, GB/s`, encoding, 'at least', 1)
}

/** @param {() => number} run  returns how many bytes of data it went through */
function megabytesPerSecond(run) {
  const began = performance.now()
  const bytes = run()
  return bytes / (performance.now() - began) / 1e3
}

/** @param {string} name @returns {{ data: number, repair: number }} */
function codeOf(name) {
  const [data = 0, repair = 0] = name.split('+').map(Number)
  return { data, repair }
}

/** @param {number} bytes @param {number} count */
function shardsOf(bytes, count) {
  return Array.from({ length: count }, (_, index) =>
    Uint8Array.from({ length: bytes }, (_, at) => (at * 7919 + index) >> 3),
  )
}

/** @param {string} name @param {number} bytes @param {'simd' | 'portable'} build */
function encoder(name, bytes, build) {
  const code = codeOf(name)
  const shards = shardsOf(bytes, code.data)
  const sums = new RepairShards(code, bytes, depth, build)
  return {
    name: `encode ${name}, ${bytes} bytes, ${build}`,
    run() {
      for (const [column, shard] of shards.entries())
        for (let block = 0; block < depth; block++) sums.add(block, column, shard)
      return depth * code.data * bytes
    },
  }
}

/** As many shards lost as can be. @param {string} name @param {number} bytes */
function decoder(name, bytes) {
  const code = codeOf(name)
  const shards = shardsOf(bytes, code.data + code.repair)
  const reconstruction = new Reconstruction(code, bytes)
  const lost = shards.slice(0, Math.min(code.data, code.repair)).map((_, index) => index)
  return {
    name: `give back ${lost.length} of ${name}, ${bytes} bytes`,
    run() {
      const blocks = depth / 4
      for (let block = 0; block < blocks; block++)
        reconstruction.repair(
          lost,
          (index) => shards[index],
          () => {},
        )
      return blocks * code.data * bytes
    },
  }
}
