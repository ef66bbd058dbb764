/** The highest sample of the last rounds. */
export class MaxOfRounds {
  readonly #rounds: number[]
  #current = 0
  #max = 0

  constructor(rounds: number) {
    this.#rounds = new Array<number>(rounds).fill(0)
  }

  get max(): number {
    return this.#max
  }

  sample(value: number): void {
    this.#rounds[this.#current] = Math.max(this.#rounds[this.#current] ?? 0, value)
    this.#max = Math.max(this.#max, value)
  }

  /** The oldest round is forgotten, unless nothing else is known. */
  nextRound(): void {
    this.#current = (this.#current + 1) % this.#rounds.length
    this.#rounds[this.#current] = 0
    this.#max = Math.max(...this.#rounds) || this.#max
  }
}
