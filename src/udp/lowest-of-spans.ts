/** The lowest of the samples of this span of time, and of the one before it. */
export class LowestOfSpans {
  #sinceMs = Number.NEGATIVE_INFINITY
  #before = Number.POSITIVE_INFINITY
  /** Of this span; Infinity before the first sample. */
  current = Number.POSITIVE_INFINITY

  /** A span that has lasted longer than `spanMs` is over with this sample. */
  sample(value: number, nowMs: number, spanMs: number): void {
    if (nowMs - this.#sinceMs > spanMs) {
      this.#sinceMs = nowMs
      this.#before = this.current
      this.current = value
    }
    this.current = Math.min(this.current, value)
  }

  /** Of both spans. */
  get lowest(): number {
    return Math.min(this.current, this.#before)
  }
}
