import type { SeededRandom } from './seeded-random.ts'
import { headerBytes } from './send-stream-writer.ts'
import { recordsOf } from './stream-records.ts'

type Mutation = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array

const interesting = [0, 1, 0x7f, 0x80, 0xff]

/** Changes of the kind that break parsers. `other` is another good stream. */
const mutations: readonly Mutation[] = [
  (bytes, random) => changed(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => changed(bytes, random.below(bytes.length), () => random.below(256)),
  (bytes, random) => changed(bytes, placeInHeader(bytes, random), () => interesting[random.below(interesting.length)]!),
  (bytes, random) => Uint8Array.from(bytes).fill(0, ...range(bytes, random)),
  (bytes, random) => Uint8Array.from(bytes).fill(0xff, ...range(bytes, random)),
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(600)), bytes.subarray(at)])
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length))]),
  (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, recordStart(bytes, random)), other.subarray(recordStart(other, random))]),
]

/** One to four mutations, one after the other. */
export function mutated(bytes: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  let result = bytes
  for (let turn = random.below(4); turn >= 0; turn--) {
    if (result.length > 0) result = mutations[random.below(mutations.length)]!(result, random, other)
  }
  return result
}

/** A stream with one field changed in a header, at a place where fields are. */
export function withChangedField(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return changed(bytes, placeInHeader(bytes, random), () => interesting[random.below(interesting.length)]!)
}

function changed(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const result = Uint8Array.from(bytes)
  result[at] = change(result[at] ?? 0)
  return result
}

function range(bytes: Uint8Array, random: SeededRandom): [from: number, to: number] {
  const from = random.below(bytes.length)
  return [from, from + 1 + random.below(2000)]
}

function placeInHeader(bytes: Uint8Array, random: SeededRandom): number {
  // Fields lie in the first 104 bytes of a header.
  return Math.min(bytes.length - 1, recordStart(bytes, random) + random.below(104))
}

/** Where one of the first records begins, if it looks like a stream. */
function recordStart(bytes: Uint8Array, random: SeededRandom): number {
  if (bytes.length < headerBytes || bytes[8] !== 0xac) return 0
  const records = recordsOf(bytes)
  return records[random.below(records.length)]?.at ?? 0
}
