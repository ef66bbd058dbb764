/** Shares a rate, in bytes a second, among copies at the same time: together they never have more, and one alone has all. */
export class Bandwidth {
  #free: number | undefined
  #running = 0

  /** Undefined for no limit. */
  constructor(bytesPerSecond: number | undefined) {
    this.#free = bytesPerSecond
  }

  /** All of it is with copies that run: another one has to wait for the end of one. */
  get isSpent(): boolean {
    return this.#free !== undefined && this.#free < 1
  }

  /** What one copy may have, where so many may run at the same time; all that is left, if it is the last. */
  take(most: number): number | undefined {
    if (this.#free === undefined) return undefined
    const share = this.#free / Math.max(1, most - this.#running)
    this.#free -= share
    this.#running += 1
    return share
  }

  giveBack(share: number | undefined): void {
    if (this.#free === undefined) return
    this.#free += share ?? 0
    this.#running -= 1
  }
}
