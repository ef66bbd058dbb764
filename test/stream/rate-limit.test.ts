import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRateLimit } from '../../src/stream/rate-limit.ts'

function fakeClock() {
  let ms = 0
  return {
    nowMs: () => ms,
    async sleep(forMs: number) {
      ms += forMs
    },
    pass(forMs: number) {
      ms += forMs
    },
  }
}

test('never lets more pass than the rate and a tenth of a second of it', async () => {
  const steps = fc.array(
    fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), idleMs: fc.integer({ min: 0, max: 300 }) }),
  )
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const clock = fakeClock()
      const limit = createRateLimit(() => 10_000, clock)
      let passed = 0
      for (const { bytes, idleMs } of list) {
        clock.pass(idleMs)
        await limit.take(bytes)
        // What is asked for now passes at once and is paid for by the next.
        expect(passed).toBeLessThanOrEqual((clock.nowMs() / 1000) * 10_000 + 1000.001)
        passed += bytes
      }
    }),
  )
})

test('reaches the rate when it is asked for all the time', async () => {
  const clock = fakeClock()
  const limit = createRateLimit(() => 1000, clock)
  for (let i = 0; i < 101; i++) await limit.take(100)
  expect(clock.nowMs()).toBeGreaterThan(9800)
  expect(clock.nowMs()).toBeLessThan(10_001)
})

test('a signal ends the wait, however long it would be', async () => {
  const limit = createRateLimit(() => 1)
  const abort = new AbortController()
  await limit.take(1000, abort.signal)
  const wait = limit.take(1, abort.signal)
  setTimeout(() => abort.abort(new Error('interrupted')), 20)
  await expect(wait).rejects.toThrow('interrupted')
})

test('follows a rate that changes, and none at all', async () => {
  const clock = fakeClock()
  let rate = 1000
  const limit = createRateLimit(() => rate, clock)
  for (let i = 0; i < 11; i++) await limit.take(100)
  const slowMs = clock.nowMs()
  rate = Number.POSITIVE_INFINITY
  for (let i = 0; i < 100; i++) await limit.take(100)
  expect(slowMs).toBeGreaterThan(850)
  expect(clock.nowMs() - slowMs).toBeLessThan(110)
})

test('a wait that is longer than a timer of the system can be is no short one', async () => {
  const limit = createRateLimit(() => 1)
  await limit.take(8 * 1024 * 1024)
  const signal = AbortSignal.timeout(100)
  await expect(limit.take(1, signal)).rejects.toMatchObject({ name: 'TimeoutError' })
})
