// Packets that come later than so many others are taken for copies: far more than any network reorders.
const windowPackets = 65_536

/** Refuses a packet number that was seen, or that is too old to know. */
export class ReplayWindow {
  readonly #seen = new Uint8Array(windowPackets)
  #highest = -1

  get highest(): number {
    return this.#highest
  }

  isFresh(number: number): boolean {
    if (number > this.#highest) return true
    return number > this.#highest - windowPackets && this.#seen[number % windowPackets] === 0
  }

  /** Only of a packet that has been authenticated. */
  mark(number: number): void {
    const forgotten = Math.min(windowPackets, number - this.#highest)
    for (let back = 0; back < forgotten; back++) this.#seen[(number - back) % windowPackets] = 0
    this.#seen[number % windowPackets] = 1
    if (number > this.#highest) this.#highest = number
  }
}
