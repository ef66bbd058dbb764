/** What a look costs by itself. One that was taken while chunks were shipped has waited for them. */
export class LookCost {
  /** In ms, of the last look that was alone: for each file, and as much for all else. */
  #msEach = Number.POSITIVE_INFINITY

  /** What this look has cost, in ms, as far as it is known. */
  of(tookMs: number, files: number, isAlone: boolean): number {
    const looked = files + 1
    if (isAlone) this.#msEach = tookMs / looked
    return Math.min(tookMs, this.#msEach * looked)
  }
}
