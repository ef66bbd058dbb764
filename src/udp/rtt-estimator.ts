/** Round-trip time of RFC 9002, section 5: only of packets that were sent once, the receiver's delay taken off. */
export class RttEstimator {
  #smoothedMs: number
  #varianceMs: number
  /** The lowest of the connection: what the reordering allowance is a part of. */
  lowestMs: number

  constructor(firstMs: number) {
    this.#smoothedMs = firstMs
    this.#varianceMs = firstMs / 2
    this.lowestMs = firstMs
  }

  sample(rttMs: number): void {
    this.lowestMs = Math.min(this.lowestMs, rttMs)
    this.#varianceMs = 0.75 * this.#varianceMs + 0.25 * Math.abs(this.#smoothedMs - rttMs)
    this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * rttMs
  }

  get smoothedMs(): number {
    return this.#smoothedMs
  }

  /** How long to wait for an answer before asking again. */
  get timeoutMs(): number {
    return this.#smoothedMs + Math.max(4 * this.#varianceMs, 1) + longestAckDelayMs
  }
}

// The receiver answers within 2 ms, its timers and ours may be late.
const longestAckDelayMs = 10
