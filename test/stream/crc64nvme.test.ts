import fc from 'fast-check'
import { createCRC64 } from 'hash-wasm'
import { expect, test } from 'vitest'
import { createCrc64Nvme } from '../../src/stream/crc64nvme.ts'
import { randomBytes } from '../fakes/inputs.ts'

const polynomial = 0x9a6c9329ac4bc9b5n
const terms = [0, 107, 141, 148, 361, 431, 961, 987, 1079]
// The words that stay at the end, and the block that is looked at at once.
const historyBytes = 1079 * 16
const blockBytes = 131_072
const bytes = randomBytes(2 * blockBytes + historyBytes + 100)

test('the polynomial divides the sum of powers that words are moved by', () => {
  // Reflected: the highest bit is x^0.
  const power = (exponent: number) => {
    let value = 1n << 63n
    for (let at = 0; at < exponent; at++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
    return value
  }
  expect(terms.reduce((sum, exponent) => sum ^ power(exponent), 0n)).toBe(0n)
})

test.each([
  0,
  1,
  15,
  16,
  17,
  historyBytes - 1,
  historyBytes,
  historyBytes + 1,
  blockBytes - 1,
  blockBytes,
  blockBytes + 17,
  bytes.length,
])('of %i bytes it is what another program computes', async (length) => {
  expect(ours([bytes.subarray(0, length)])).toBe(await theirs(bytes.subarray(0, length)))
})

test('however the bytes are cut, and of several at once', async () => {
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(cuts, fc.nat(bytes.length), async (places, length) => {
      const ends = [...places.filter((place) => place < length), length].toSorted((a, b) => a - b)
      const pieces = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end))
      expect(ours(pieces)).toBe(await theirs(bytes.subarray(0, length)))
    }),
    { numRuns: 60 },
  )
  const [one, other] = [started(), started()]
  for (let at = 0; at < 100_000; at += 1000) {
    one.update(bytes.subarray(at, at + 1000))
    other.update(bytes.subarray(at + 7, at + 1007))
  }
  expect(one.hex()).toBe(await theirs(bytes.subarray(0, 100_000)))
  expect(other.hex()).toBe(await theirs(bytes.subarray(7, 100_007)))
})

function started() {
  const digest = createCrc64Nvme()
  if (digest === undefined) throw new Error('no SIMD in this WebAssembly')
  return digest
}

function ours(pieces: readonly Uint8Array[]): string {
  const digest = started()
  for (const piece of pieces) digest.update(piece)
  return digest.hex()
}

async function theirs(whole: Uint8Array): Promise<string> {
  const hash = await createCRC64(polynomial.toString(16))
  return hash.init().update(whole).digest('hex')
}
