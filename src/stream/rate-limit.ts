import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes may pass at a rate; see `createRateLimit`. */
export interface RateLimit {
  /** Resolves when `bytes` may go. Rejects with the signal's reason when it aborts before that. */
  take(bytes: number, signal?: AbortSignal): Promise<void>
}

export interface Clock {
  nowMs(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// Of a longer time Node makes 1 ms.
const longestTimerMs = 2 ** 31 - 1

const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(Math.min(ms, longestTimerMs), undefined, { signal }).catch((error) => {
      throw signal?.reason ?? error
    }),
}

// Idle time is made up for at most this long: more would be a burst that the limit is there to prevent.
const burstMs = 100

/**
 * A token bucket of 100 ms. Larger amounts pass at once and are paid for by the next. `bytesPerSecond` is asked for every
 * amount; Infinity is no limit.
 */
export function createRateLimit(bytesPerSecond: () => number, clock: Clock = systemClock): RateLimit {
  let paidUntilMs = clock.nowMs()
  return {
    async take(bytes, signal) {
      const nowMs = clock.nowMs()
      const startMs = Math.max(paidUntilMs, nowMs - burstMs)
      paidUntilMs = startMs + (bytes / bytesPerSecond()) * 1000
      if (startMs > nowMs) await clock.sleep(startMs - nowMs, signal)
    },
  }
}
