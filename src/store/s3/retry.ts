import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../errors.ts'
import { type Again, judgeError, type TryAgain, wordsOf } from './judge-error.ts'

export interface RetryOptions {
  /** How long tries may go on after the first failure, in milliseconds. */
  readonly retryForMs: number
  /** True while no request to this server has reached it: then it is given up soon, as 'unavailable'. */
  readonly isUnreached?: (() => boolean) | undefined
  /** True when this server has carried out another request. */
  readonly hasServed?: (() => boolean) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((message: string) => void) | undefined
  readonly clock?: RetryClock | undefined
}

export interface RetryClock {
  /** Milliseconds, never backwards. */
  now(): number
  /** From 0 to less than 1. */
  random(): number
  sleep(ms: number, signal: AbortSignal | undefined): Promise<unknown>
}

interface Backoff {
  /** The first wait's upper limit; each further one's is twice that of the one before. */
  readonly firstMs: number
  readonly longestMs: number
  /** More tries than this do not help. */
  readonly maxTries: number
}

// A throttled request shall come back later than a broken connection; a corrected clock or key helps at once or never.
const backoffs: Readonly<Record<TryAgain, Backoff>> = {
  throttled: { firstMs: 1000, longestMs: 60_000, maxTries: Infinity },
  server: { firstMs: 500, longestMs: 30_000, maxTries: Infinity },
  connection: { firstMs: 200, longestMs: 20_000, maxTries: Infinity },
  damaged: { firstMs: 200, longestMs: 2000, maxTries: 4 },
  clock: { firstMs: 50, longestMs: 1000, maxTries: 3 },
  expired: { firstMs: 500, longestMs: 10_000, maxTries: 6 },
}

// A name that is mistyped shall not be tried for an hour, a server that restarts or a network that comes up shall.
const firstContactMs = 20_000

const systemClock: RetryClock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

/**
 * Runs a request until it succeeds, cannot succeed, or was tried for `retryForMs`: then it is a Failure 'retry'. `what`
 * names the request and its object in messages. After an abort it rejects with the signal's reason.
 */
export async function withRetries<T>(what: string, options: RetryOptions, request: (tries: number) => Promise<T>) {
  const { signal, clock = systemClock } = options
  const counts = new Map<TryAgain, number>()
  let failingSinceMs: number | undefined
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted()
    try {
      return await request(tries)
    } catch (error) {
      signal?.throwIfAborted()
      const verdict = judgeError(error, what, options.hasServed?.())
      const waitMs = nextWait(verdict, counts, clock)
      failingSinceMs ??= clock.now()
      const isUnreached = options.isUnreached?.() ?? false
      const limitMs = isUnreached ? Math.min(firstContactMs, options.retryForMs) : options.retryForMs
      if (clock.now() + waitMs > failingSinceMs + limitMs) {
        throw isUnreached ? neverReached(what, error) : givenUp(what, error, limitMs)
      }
      options.onRetry?.(`${what}: ${wordsOf(error)}: trying again`)
      await waitFor(waitMs, signal, clock)
    }
  }
}

/** The time to wait; throws if there is no use in it. */
function nextWait(verdict: Again | Error, counts: Map<TryAgain, number>, clock: RetryClock): number {
  if (verdict instanceof Error) throw verdict
  const count = (counts.get(verdict.again) ?? 0) + 1
  counts.set(verdict.again, count)
  const { firstMs, longestMs, maxTries } = backoffs[verdict.again]
  if (count >= maxTries) throw verdict.atLast
  const limitMs = Math.min(longestMs, firstMs * 2 ** Math.min(count - 1, 20))
  return limitMs / 2 + (clock.random() * limitMs) / 2
}

async function waitFor(ms: number, signal: AbortSignal | undefined, clock: RetryClock): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}

function givenUp(what: string, error: unknown, retryForMs: number): Failure {
  const seconds = Math.round(retryForMs / 1000)
  return new Failure('retry', `${what}: ${wordsOf(error)}, for ${seconds} s now`, {
    hint: 'run the same command again later',
    cause: error,
  })
}

function neverReached(what: string, error: unknown): Failure {
  return new Failure('unavailable', `${what}: the server cannot be reached: ${wordsOf(error)}`, {
    hint: 'check the endpoint (http: or https:), the region and the network',
    cause: error,
  })
}
