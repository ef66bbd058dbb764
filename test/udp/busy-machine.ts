import { SeededRandom } from '../fakes/seeded-random.ts'

export interface BusyOptions {
  /** Of the time, in which an end waits for a processor. */
  readonly share: number
  /** How long it waits, on average. */
  readonly meanMs: number
  readonly seed: number
}

/** Takes the processor from an end again and again, in virtual time. What comes meanwhile waits. */
export class BusyMachine {
  readonly #options: BusyOptions
  readonly #random: SeededRandom
  #awayUntilMs = 0
  #hereUntilMs = 0

  constructor(options: BusyOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  isAwayAt(nowMs: number): boolean {
    if (nowMs < this.#hereUntilMs) return nowMs < this.#awayUntilMs
    const { share, meanMs } = this.#options
    const awayMs = -Math.log(1 - this.#random.below(2 ** 30) / 2 ** 30) * meanMs
    this.#awayUntilMs = nowMs + awayMs
    this.#hereUntilMs = this.#awayUntilMs + (awayMs * (1 - share)) / share
    return awayMs > 0
  }
}
