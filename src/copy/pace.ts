// A part that takes so long makes a program's start, some 20 ms here and 500 over ssh, a small part of its cost; and so
// long, at most, some workers wait for the last one.
const partMs = 1000
// One measurement may be of anything.
const [least, most] = [4 * 1024 * 1024, 1024 * 1024 * 1024]
// Of the latest measurement, in the mean.
const weight = 0.5

/** How much work, in bytes, is worth a program's start, by what parts took so far. */
export class Pace {
  #bytesPerMs: number | undefined

  /** A part is done by one worker. */
  add(work: number, ms: number): void {
    const bytesPerMs = work / Math.max(1, ms)
    this.#bytesPerMs = weight * bytesPerMs + (1 - weight) * (this.#bytesPerMs ?? bytesPerMs)
  }

  /** Undefined before the first measurement. */
  get worthAPart(): number | undefined {
    if (this.#bytesPerMs === undefined) return undefined
    return Math.min(most, Math.max(least, this.#bytesPerMs * partMs))
  }
}
