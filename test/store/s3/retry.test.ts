import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { type RetryClock, withRetries } from '../../../src/store/s3/retry.ts'
import { answerOf, brokenConnection } from './sdk-errors.ts'

const minute = 60_000

/** A clock that only sleeping moves. */
function fakeClock(random = 0.999) {
  const slept: number[] = []
  let now = 1000
  const clock: RetryClock = {
    now: () => now,
    random: () => random,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      slept.push(Math.round(ms))
      now += ms
    },
  }
  return { clock, slept }
}

/** Fails so often with an error, then gives 'done'. */
function failing(times: number, error: () => Error) {
  let count = 0
  return async () => {
    if (count++ < times) throw error()
    return 'done'
  }
}

describe('the waits', () => {
  test.each([
    ['throttled', () => answerOf(503, 'SlowDown'), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
    [
      'a server in trouble',
      () => answerOf(500, 'InternalError'),
      [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
    ],
    ['a broken connection', () => brokenConnection('ECONNRESET'), [200, 400, 800, 1600, 3200, 6400, 12_800, 20_000]],
  ])('%s', async (_, error, waits) => {
    const { clock, slept } = fakeClock()
    expect(await withRetries('x', { retryForMs: 60 * minute, clock }, failing(8, error))).toBe('done')
    for (const [index, wait] of waits.entries()) {
      expect(slept[index]).toBeGreaterThan(wait * 0.99)
      expect(slept[index]).toBeLessThanOrEqual(wait)
    }
  })

  test('are spread over half of their length', async () => {
    const { clock, slept } = fakeClock(0)
    await withRetries(
      'x',
      { retryForMs: minute, clock },
      failing(2, () => answerOf(503, 'SlowDown')),
    )
    expect(slept).toEqual([500, 1000])
  })
})

describe('the end', () => {
  test('comes not before the time is up, and says so', async () => {
    const { clock, slept } = fakeClock()
    const end = withRetries(
      'part 3 of s3://b/k',
      { retryForMs: 10 * minute, clock },
      failing(Infinity, () => answerOf(500, 'InternalError')),
    )
    await expect(end).rejects.toMatchObject({
      kind: 'retry',
      message: 'part 3 of s3://b/k: InternalError: it failed, for 600 s now',
    })
    const total = slept.reduce((a, b) => a + b)
    expect(total).toBeGreaterThan(9 * minute)
    expect(total).toBeLessThanOrEqual(10 * minute)
  })

  test.each([
    ['BadDigest', 400, 4, 'data'],
    ['RequestTimeTooSkewed', 403, 3, 'permission'],
    ['ExpiredToken', 400, 6, 'permission'],
  ])('%s heals soon or never', async (name, status, tries, kind) => {
    const { clock, slept } = fakeClock()
    const end = withRetries(
      'x',
      { retryForMs: 60 * minute, clock },
      failing(Infinity, () => answerOf(status, name)),
    )
    await expect(end).rejects.toMatchObject({ kind })
    expect(slept.length).toBe(tries - 1)
  })

  test('comes after 20 s for a server that was never reached, and says what to check', async () => {
    const { clock, slept } = fakeClock()
    const options = { retryForMs: 60 * minute, isUnreached: () => true, clock }
    const end = withRetries(
      's3://b/k',
      options,
      failing(Infinity, () => brokenConnection('ENOTFOUND')),
    )
    await expect(end).rejects.toMatchObject({
      kind: 'unavailable',
      message: 's3://b/k: the server cannot be reached: read ENOTFOUND',
      hint: 'check the endpoint (http: or https:), the region and the network',
    })
    expect(slept.reduce((a, b) => a + b)).toBeLessThanOrEqual(20_000)
    expect(slept.reduce((a, b) => a + b)).toBeGreaterThan(10_000)
  })

  test('comes late again when another request reaches it meanwhile', async () => {
    const { clock, slept } = fakeClock()
    const options = { retryForMs: 60 * minute, isUnreached: () => slept.length < 4, clock }
    const work = failing(30, () => brokenConnection('ECONNREFUSED'))
    expect(await withRetries('x', options, work)).toBe('done')
  })

  test('comes at once for what cannot heal', async () => {
    const { clock, slept } = fakeClock()
    const end = withRetries(
      'x',
      { retryForMs: minute, clock },
      failing(1, () => answerOf(403, 'AccessDenied')),
    )
    await expect(end).rejects.toMatchObject({ kind: 'permission' })
    expect(slept).toEqual([])
  })

  test('comes at once with an abort, with its reason', async () => {
    const abort = new AbortController()
    const reason = new Failure('retry', 'stopped')
    const request = async () => {
      abort.abort(reason)
      throw brokenConnection('ECONNRESET')
    }
    await expect(withRetries('x', { retryForMs: minute, signal: abort.signal }, request)).rejects.toBe(reason)
  })

  test('a bug is no failure', async () => {
    const bug = new TypeError('x is undefined')
    await expect(
      withRetries(
        'x',
        { retryForMs: minute },
        failing(1, () => bug),
      ),
    ).rejects.toBe(bug)
  })
})

test('tells of each failure that is followed by another try', async () => {
  const { clock } = fakeClock()
  const told: string[] = []
  const options = { retryForMs: minute, clock, onRetry: (message: string) => void told.push(message) }
  await withRetries(
    's3://b/k',
    options,
    failing(1, () => answerOf(503, 'SlowDown')),
  )
  expect(told).toEqual(['s3://b/k: SlowDown: it failed: trying again'])
})
