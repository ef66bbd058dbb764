/** Packets in a row that the system would not send, as when an interface is down or a filter forbids them. */
export class Refusals {
  #inARow = 0
  #code = ''
  #tooLongBytes = Number.POSITIVE_INFINITY

  /** The last packet, of so many bytes, was taken; or it was not, for this reason. */
  note(code: string | undefined, bytes: number): void {
    if (code === 'EMSGSIZE') this.#tooLongBytes = Math.min(this.#tooLongBytes, bytes)
    this.#inARow = code === undefined ? 0 : this.#inARow + 1
    if (code !== undefined) this.#code = code
  }

  /** Why, if so many were refused, one after the other. */
  after(most: number): string | undefined {
    return this.#inARow >= most ? this.#code : undefined
  }

  /** The shortest packet that was too long for the interface it would have left by. */
  get tooLongBytes(): number {
    return this.#tooLongBytes
  }
}
