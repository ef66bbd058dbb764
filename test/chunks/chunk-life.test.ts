import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  backoffMs,
  type Chunk,
  isReady,
  observeChunk,
  startShipping,
  waitAfterFailure,
} from '../../src/chunks/chunk-life.ts'

const settleMs = 5000

const looks = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 4000 }),
    growsBy: fc.constantFrom(0, 0, 0, 1),
    isVouchedFor: fc.constantFrom(false, false, false, true),
  }),
  { maxLength: 40 },
)

describe('a chunk on its way', () => {
  test('is ready only if it stood still for its time or somebody vouches for it', () => {
    fc.assert(
      fc.property(looks, (steps) => {
        let [chunk, nowMs, size, changedMs]: [Chunk | undefined, number, number, number] = [undefined, 0, 0, 0]
        for (const { afterMs, growsBy, isVouchedFor } of steps) {
          nowMs += afterMs
          size += growsBy
          if (growsBy > 0 || chunk === undefined) changedMs = nowMs
          const seen = { size, mtimeNs: 0n, inode: 1n, isVouchedFor }
          chunk = observeChunk(chunk, seen, nowMs)
          expect(isReady(chunk, seen, nowMs, settleMs)).toBe(isVouchedFor || nowMs - changedMs >= settleMs)
        }
      }),
    )
  })

  test('that changes after anything but its shipping settles again', () => {
    const sight = { size: 1, mtimeNs: 1n, inode: 1n }
    const changed = { ...sight, mtimeNs: 2n, isVouchedFor: false }
    const stages: Chunk[] = [
      { stage: 'recorded', sight },
      { stage: 'refused', sight },
      { stage: 'waiting', sight, tries: 3, untilMs: 0 },
    ]
    for (const chunk of stages)
      expect(observeChunk(chunk, changed, 7)).toMatchObject({ stage: 'settling', stillSinceMs: 7 })
    const shipping = startShipping({ stage: 'settling', sight, stillSinceMs: 0 })
    expect(observeChunk(shipping, changed, 7)).toBe(shipping)
  })

  test('that failed waits longer each time, a minute at most, and goes then', () => {
    const sight = { size: 1, mtimeNs: 1n, inode: 1n }
    const seen = { ...sight, isVouchedFor: false }
    let chunk: Chunk = startShipping({ stage: 'settling', sight, stillSinceMs: 0 })
    for (const waitMs of [500, 1000, 2000, 4000]) {
      chunk = waitAfterFailure(chunk, 0, 0)
      expect(isReady(chunk, seen, waitMs - 1, settleMs)).toBe(false)
      expect(isReady(chunk, seen, waitMs, settleMs)).toBe(true)
      chunk = startShipping(chunk)
    }
    expect(backoffMs(1000, 0)).toBe(60_000)
    expect(backoffMs(1000, 1)).toBe(30_000)
  })
})
