import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  capacityOf,
  formatSchedule,
  minPartBytes,
  parseSchedule,
  partBytesAt,
  partsOf,
  planParts,
} from '../../../src/store/s3/part-schedule.ts'

const mib = 2 ** 20
const gib = 2 ** 30
const tib = 2 ** 40
const aws = { maxParts: 10_000, maxObjectBytes: 5 * tib }

describe('a stream of unknown length', () => {
  test('5 TiB fit into 10,000 parts, as the table has it', () => {
    const schedule = planParts(aws)
    expect(formatSchedule(schedule)).toBe(
      [8, 16, 32, 64, 128, 256, 512, 1024, 2 * 801].map((size, i) => `${i < 8 ? 1000 : 2000}x${size * mib}`).join(),
    )
    expect(capacityOf(schedule)).toBeGreaterThanOrEqual(5 * tib)
  })

  test.each([
    [1, 8],
    [1000, 8],
    [1001, 16],
    [8000, 1024],
    [8001, 1602],
    [10_000, 1602],
  ])('part %i has %i MiB', (number, size) => expect(partBytesAt(planParts(aws), number)).toBe(size * mib))

  test('50 TB fit where the store allows it and Node has such buffers', () => {
    const schedule = planParts({ ...aws, maxObjectBytes: 50e12 })
    const largest = schedule.at(-1)?.bytes as number
    expect(capacityOf(schedule)).toBeGreaterThanOrEqual(Math.min(50e12, 9900 * largest))
    expect(schedule[0]?.bytes).toBe(8 * mib)
  })

  test('1,000 parts hold what they can', () => {
    const schedule = planParts({ ...aws, maxParts: 1000 })
    expect(schedule.reduce((sum, { count }) => sum + count, 0)).toBe(1000)
    expect(capacityOf(schedule)).toBeGreaterThan(3.5 * tib)
  })

  test('any: no more parts than allowed, never smaller than the one before, none out of limits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 10_000 }), fc.integer({ min: gib, max: 50e12 }), (maxParts, bytes) => {
        const schedule = planParts({ maxParts, maxObjectBytes: bytes })
        expect(schedule.reduce((sum, { count }) => sum + count, 0)).toBe(maxParts)
        const sizes = schedule.map((run) => run.bytes)
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
        expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * gib)
        expect(parseSchedule(formatSchedule(schedule))).toEqual(schedule)
      }),
    )
  })
})

describe('a stream of estimated length', () => {
  test.each([
    [50 * gib, 5_637_708],
    [500 * gib, 56_377_083],
    [1 * tib, 115_460_266],
    [2 * tib, 230_920_533],
    [5 * tib, 577_301_334],
    [1, minPartBytes],
    [0, minPartBytes],
  ])('%i bytes: parts of %i, as z3 has them', (estimatedBytes, bytes) => {
    expect(planParts({ ...aws, estimatedBytes })).toEqual([{ count: 10_000, bytes }])
  })

  test('where a store allows fewer parts they are larger', () => {
    expect(planParts({ ...aws, maxParts: 1000, estimatedBytes: 50 * gib })).toEqual([
      { count: 1000, bytes: 56_427_873 },
    ])
  })

  test('what no parts can hold is refused', () => {
    expect(() => planParts({ ...aws, maxParts: 1000, estimatedBytes: 10 * tib })).toThrow('1000 parts hold')
  })

  test.each([0, 10 * 1024 * 1024])('one part may be all that a store allows (%i bytes)', (estimatedBytes) => {
    const bytes = Math.max(minPartBytes, Math.trunc(estimatedBytes * 1.05))
    expect(planParts({ ...aws, maxParts: 1, estimatedBytes })).toEqual([{ count: 1, bytes }])
  })
})

test.each([minPartBytes - 1, 6 * gib])('a part of %i bytes is refused', (partBytes) => {
  expect(() => planParts({ ...aws, partBytes })).toThrow(`a part of ${partBytes} bytes`)
})

test('the parts of an object are its size', () => {
  const schedule = [
    { count: 2, bytes: 3 },
    { count: 2, bytes: 5 },
  ]
  expect([...partsOf(schedule, 12)]).toEqual([3, 3, 5, 1])
  expect([...partsOf(schedule, 3)]).toEqual([3])
  expect([...partsOf(schedule, 0)]).toEqual([])
})

test.each(['', 'x', '3x', '3x5,', '0x5', '3x-5', '3x5;'])("'%s' is no schedule", (text) => {
  expect(parseSchedule(text)).toBeUndefined()
})
