import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFletcher4, freeBytes, sharedFletcher4 } from '../../../src/zfs/send-stream/fletcher4.ts'
import { referenceFletcher4 } from '../../fakes/reference-fletcher4.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'

describe.each(['simd', 'portable'] as const)('fletcher4, %s', (build) => {
  const fletcher4 = createFletcher4(build)
  const { memory, sums, freeAt } = fletcher4

  function sumsOf(bytes: Uint8Array, isSwapped: boolean, cuts: readonly number[] = []): bigint[] {
    memory.set(bytes, freeAt)
    fletcher4.reset()
    const ends = [...cuts, bytes.length].toSorted((one, other) => one - other)
    for (let index = 0, from = 0; index < ends.length; from = ends[index++]!) {
      fletcher4.add(freeAt + from, ends[index]! - from, isSwapped)
    }
    return [...new BigUint64Array(Uint8Array.from(sums).buffer)]
  }

  test.each([false, true])('is the sum that its definition gives, swapped: %s', (isSwapped) => {
    const words = fc.uint8Array({ maxLength: 3000 }).map((bytes) => bytes.subarray(0, bytes.length & ~3))
    fc.assert(
      fc.property(words, (bytes) => {
        expect(sumsOf(bytes, isSwapped)).toEqual(referenceFletcher4(bytes, !isSwapped))
      }),
      { seed: 4, numRuns: 200 },
    )
  })

  test.each([0, 4, 28, 32, 508, 512, 516, 540, 544, 1024, 4092, 65_536, freeBytes])(
    '%i bytes of the largest words',
    (length) => {
      const bytes = new Uint8Array(length).fill(0xff)
      expect(sumsOf(bytes, false)).toEqual(referenceFletcher4(bytes))
    },
  )

  test('is the same in pieces as at once, and wherever it lies', () => {
    const random = new SeededRandom(8)
    const bytes = random.bytes(200_000)
    for (let round = 0; round < 50; round++) {
      const from = random.below(5)
      const part = bytes.subarray(from, from + 4 * random.below(40_000))
      const cuts = Array.from({ length: random.below(20) }, () => 4 * random.below(part.length / 4 + 1))
      expect(sumsOf(part, round % 2 === 1, cuts)).toEqual(referenceFletcher4(part, round % 2 === 0))
    }
  })

  test('knows its sums in memory, in both byte orders', () => {
    const bytes = new SeededRandom(3).bytes(1024)
    const stored = new DataView(memory.buffer, freeAt + 2048)
    for (const isSwapped of [false, true]) {
      for (const [index, sum] of sumsOf(bytes, isSwapped).entries()) stored.setBigUint64(8 * index, sum, !isSwapped)
      expect(fletcher4.equals(freeAt + 2048, isSwapped)).toBe(true)
      expect(fletcher4.equals(freeAt + 2048, !isSwapped)).toBe(false)
      for (let byte = 0; byte < 32; byte++) {
        stored.setUint8(byte, stored.getUint8(byte) ^ 1)
        expect(fletcher4.equals(freeAt + 2048, isSwapped)).toBe(false)
        stored.setUint8(byte, stored.getUint8(byte) ^ 1)
      }
    }
  })

  test('sees every byte that is not zero', () => {
    memory.fill(0, freeAt, freeAt + 40)
    expect(fletcher4.isZero(freeAt + 4, 32)).toBe(true)
    for (let byte = 0; byte < 40; byte++) {
      memory[freeAt + byte] = 1
      expect(fletcher4.isZero(freeAt + 4, 32)).toBe(byte < 4 || byte >= 36)
      memory[freeAt + byte] = 0
    }
  })
})

test('the shared one is the fast one here', () => expect(sharedFletcher4().build).toBe('simd'))
