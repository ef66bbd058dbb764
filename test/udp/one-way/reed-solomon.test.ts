import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { bestBuild } from '../../../src/udp/one-way/field-engine.ts'
import { divide, invertMatrix, multiply } from '../../../src/udp/one-way/galois-field.ts'
import { type Code, coefficient, Reconstruction, RepairShards } from '../../../src/udp/one-way/reed-solomon.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { filled } from '../pair.ts'

const builds = ['simd', 'portable'] as const

describe('the field', () => {
  it('has an inverse for each number but 0, and its products are those of polynomials', () => {
    for (let a = 1; a < 256; a++) {
      expect(multiply(a, divide(1, a))).toBe(1)
      for (let b = 0; b < 256; b += 5) expect(multiply(a, b)).toBe(slowProduct(a, b))
    }
  })

  it('inverts matrices, also where a row must be moved', () => {
    const matrix = [
      [0, 3, 7],
      [5, 0, 1],
      [2, 2, 2],
    ]
    const inverse = invertMatrix(matrix)
    for (const [at, row] of matrix.entries())
      for (let column = 0; column < 3; column++)
        expect(row.reduce((sum, value, index) => sum ^ multiply(value, inverse[index]![column]!), 0)).toBe(
          at === column ? 1 : 0,
        )
  })
})

describe.each(builds)('the %s build', (build) => {
  it('gives back any lost shards, as many as there are repair shards', () => {
    const codes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }))
    const sizes = fc.integer({ min: 1, max: 70 })
    fc.assert(
      fc.property(codes, sizes, fc.integer(), ([data, repair], bytes, seed) => {
        const random = new SeededRandom(seed)
        const code = { data, repair }
        const shards = encode(code, bytes, random, build)
        const kept = lose(shards, repair, random)
        const lost = kept.slice(0, data).flatMap((shard, index) => (shard === undefined ? [index] : []))
        const found = new Map<number, Buffer>()
        const isRepaired = new Reconstruction(code, bytes, build).repair(
          lost,
          (index) => kept[index],
          (index, shard) => found.set(index, Buffer.from(shard)),
        )
        expect(isRepaired).toBe(true)
        expect([...found.keys()]).toEqual(lost)
        for (const [index, shard] of found) expect(shard.equals(shards[index]!)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('gives nothing back if one more is lost', () => {
    const shards = encode({ data: 5, repair: 2 }, 33, new SeededRandom(1), build)
    const kept = shards.map((shard, index) => ([0, 2, 6].includes(index) ? undefined : shard))
    const fill = () => expect.unreachable()
    expect(new Reconstruction({ data: 5, repair: 2 }, 33, build).repair([0, 2], (index) => kept[index], fill)).toBe(
      false,
    )
  })

  it('begins again when it is cleared, and takes short shards for ones with zeros behind', () => {
    const sums = new RepairShards({ data: 3, repair: 2 }, 40, 2, build)
    sums.add(1, 0, filled(40, 9))
    sums.clear()
    sums.add(1, 2, filled(25, 3))
    const whole = new RepairShards({ data: 3, repair: 2 }, 40, 2, build)
    whole.add(1, 2, Buffer.concat([filled(25, 3), Buffer.alloc(15)]))
    expect(Buffer.from(sums.shard(1, 1))).toEqual(Buffer.from(whole.shard(1, 1)))
    expect(Buffer.from(sums.shard(0, 1)).equals(Buffer.alloc(40))).toBe(true)
  })
})

test('the build with SIMD is the one that is used where it runs', () => expect(bestBuild()).toBe('simd'))

test('both builds make what is recorded', () => {
  const file = join(import.meta.dirname, '../../vectors/zudp/reed-solomon.json')
  const { codes } = JSON.parse(readFileSync(file, 'utf8'))
  for (const { data, repair, coefficients, shards } of codes) {
    const code = { data, repair }
    expect(rows(code)).toEqual(coefficients)
    for (const build of builds) expect(hexShards(code, build)).toEqual(shards)
  }
})

function rows({ data, repair }: Code): number[][] {
  return Array.from({ length: repair }, (_, row) => Array.from({ length: data }, (_, at) => coefficient(row, at)))
}

/** The repair shards of data shards f(37, 1), f(37, 2) …, as the vectors' own text tells. */
function hexShards(code: Code, build: 'simd' | 'portable'): string[] {
  const sums = new RepairShards(code, 37, 1, build)
  for (let column = 0; column < code.data; column++) sums.add(0, column, filled(37, column + 1))
  return Array.from({ length: code.repair }, (_, row) => Buffer.from(sums.shard(0, row)).toString('hex'))
}

function encode(code: Code, bytes: number, random: SeededRandom, build: 'simd' | 'portable'): Buffer[] {
  const data = Array.from({ length: code.data }, () => Buffer.from(random.bytes(bytes)))
  const sums = new RepairShards(code, bytes, 1, build)
  const order = data.map((_, index) => index).toSorted(() => random.below(3) - 1)
  for (const column of order) sums.add(0, column, data[column]!)
  return [...data, ...Array.from({ length: code.repair }, (_, row) => Buffer.from(sums.shard(0, row)))]
}

function lose(shards: Buffer[], count: number, random: SeededRandom): (Buffer | undefined)[] {
  const kept: (Buffer | undefined)[] = [...shards]
  for (let lost = 0; lost < count; lost++) kept[random.below(kept.length)] = undefined
  return kept
}

/** By the definition: bit by bit, and what is above x^7 taken off. */
function slowProduct(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) product ^= a << bit
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11d << (bit - 8)
  return product
}
