/** Work that serves all who ask for it before it begins: they wait for the turn that is under way, and share the next. */
export class SharedTurn {
  readonly #work: () => Promise<void>
  #last: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #turns = 0

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  /** No turn is under way, or asked for. */
  get isIdle(): boolean {
    return this.#turns === 0
  }

  /** Settles as the first turn does that begins from now on. */
  ask(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#takeTurn(this.#last)
      this.#last = this.#next.catch(() => {})
    }
    return this.#next
  }

  /** Resolves when it is idle. */
  async rest(): Promise<void> {
    while (!this.isIdle) await this.#last
  }

  async #takeTurn(before: Promise<void>): Promise<void> {
    this.#turns += 1
    try {
      await before
      this.#next = undefined
      await this.#work()
    } finally {
      this.#turns -= 1
    }
  }
}
