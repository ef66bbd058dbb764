// More packets than are ever on their way at once; a power of two.
const remembered = 2 ** 17

/** A packet that was sent, and what was known of the receiver at that time. */
export interface SentPacket {
  readonly sentAtMs: number
  readonly deliveredBytes: number
  readonly clockMs: number
  /** There was less to send than the path would have taken. */
  readonly isAppLimited: boolean
}

/** The last packets by number: what the delivery rate is computed from. */
export class SentPackets {
  readonly #numbers = new Float64Array(remembered).fill(-1)
  readonly #sentAtMs = new Float64Array(remembered)
  readonly #deliveredBytes = new Float64Array(remembered)
  readonly #clockMs = new Float64Array(remembered)
  readonly #isAppLimited = new Uint8Array(remembered)

  add(number: number, sentAtMs: number, deliveredBytes: number, clockMs: number, isAppLimited: boolean): void {
    const at = number & (remembered - 1)
    this.#numbers[at] = number
    this.#sentAtMs[at] = sentAtMs
    this.#deliveredBytes[at] = deliveredBytes
    this.#clockMs[at] = clockMs
    this.#isAppLimited[at] = isAppLimited ? 1 : 0
  }

  get(number: number): SentPacket | undefined {
    const at = number & (remembered - 1)
    if (this.#numbers[at] !== number) return undefined
    return {
      sentAtMs: this.#sentAtMs[at]!,
      deliveredBytes: this.#deliveredBytes[at]!,
      clockMs: this.#clockMs[at]!,
      isAppLimited: this.#isAppLimited[at] === 1,
    }
  }
}
