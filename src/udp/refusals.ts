/** Packets in a row that the system would not send, as when an interface is down or a filter forbids them. */
export class Refusals {
  #inARow = 0
  #code = ''

  /** The last packet was taken; or it was not, for this reason. */
  note(code: string | undefined): void {
    this.#inARow = code === undefined ? 0 : this.#inARow + 1
    if (code !== undefined) this.#code = code
  }

  /** Why, if so many were refused, one after the other. */
  after(most: number): string | undefined {
    return this.#inARow >= most ? this.#code : undefined
  }
}
