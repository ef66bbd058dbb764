export type WaitingFor = 'input' | 'output'

/** Where the time of a transfer went, in milliseconds: waiting for its input, for its output, or at its own work. */
export interface WaitingShares {
  readonly inputMs: number
  readonly outputMs: number
  readonly workMs: number
}

/** Times the awaits of one loop. What is not spent in them counts as work. */
export class WaitingMeter {
  readonly #now: () => number
  readonly #startMs: number
  readonly #waitedMs = { input: 0, output: 0 }

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#startMs = now()
  }

  async during<T>(what: WaitingFor, promise: Promise<T>): Promise<T> {
    const fromMs = this.#now()
    try {
      return await promise
    } finally {
      this.#waitedMs[what] += this.#now() - fromMs
    }
  }

  get shares(): WaitingShares {
    const { input, output } = this.#waitedMs
    return { inputMs: input, outputMs: output, workMs: Math.max(0, this.#now() - this.#startMs - input - output) }
  }
}
