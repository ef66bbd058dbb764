// Timers wake us a millisecond late or two, and a busy machine later still: what could not be sent meanwhile may go at once, but
// no more than the queue of a path of this round trip is sure to hold.
const [leastBurstMs, mostBurstMs] = [2, 25]
const burstShare = 1 / 4
// A rate that sends less than this in one burst still sends so much, or it would never send.
const leastBurstBytes = 3000

/** Spreads packets over time at a rate that may change with each. */
export class Pacer {
  #readyAtMs = 0

  /** When the next packet may go. */
  get readyAtMs(): number {
    return this.#readyAtMs
  }

  onSent(bytes: number, bytesPerMs: number, rttMs: number, nowMs: number): void {
    const burstMs = Math.min(mostBurstMs, Math.max(leastBurstMs, burstShare * rttMs))
    const allowanceMs = Math.max(burstMs, leastBurstBytes / bytesPerMs)
    this.#readyAtMs = Math.max(this.#readyAtMs, nowMs - allowanceMs) + bytes / bytesPerMs
  }
}
