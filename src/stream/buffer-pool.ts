/**
 * Buffers under one budget: the memory bound of a transfer. They are used again and again; threads can share them. Who
 * asks for larger ones as the transfer goes on gets them in the place of smaller ones.
 */
export class BufferPool {
  readonly bufferBytes: number
  readonly #maxCount: number
  readonly #budgetBytes: number
  readonly #spare: Uint8Array[]
  #free: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  #count = 0
  #bytes = 0

  /**
   * At most `count` buffers, of `bufferBytes` unless asked for larger. Two may be there whatever the budget is. `spare`
   * are those of pools that were retired.
   */
  constructor(bufferBytes: number, count: number, budgetBytes: number = bufferBytes * count, spare: Uint8Array[] = []) {
    this.#spare = spare
    this.bufferBytes = bufferBytes
    this.#maxCount = count
    this.#budgetBytes = budgetBytes
  }

  /** Resolves as soon as a buffer of this size is free, or memory for one. */
  async take(bytes: number = this.bufferBytes): Promise<Uint8Array> {
    for (;;) {
      this.#drop(bytes)
      const buffer = this.#free.pop() ?? this.#create(bytes)
      if (buffer !== undefined) return buffer
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer)
    this.#waiting.shift()?.()
  }

  /** Leaves the free buffers to other pools. Nobody may take from this one, or give to it, after that. */
  retire(): void {
    this.#spare.push(...this.#free)
    this.#free = []
  }

  /** Lets go of free buffers that have become too small. */
  #drop(bytes: number): void {
    const [fit, small] = [
      this.#free.filter((one) => one.length >= bytes),
      this.#free.filter((one) => one.length < bytes),
    ]
    this.#free = fit
    this.#count -= small.length
    this.#bytes -= small.reduce((sum, { length }) => sum + length, 0)
  }

  #create(bytes: number): Uint8Array | undefined {
    const fitsBudget = this.#count < 2 || this.#bytes + bytes <= this.#budgetBytes
    if (this.#count >= this.#maxCount || !fitsBudget) return undefined
    this.#count++
    this.#bytes += bytes
    const spare = this.#spare.findIndex(({ length }) => length === bytes)
    const [found] = spare < 0 ? [] : this.#spare.splice(spare, 1)
    if (found !== undefined) return found
    return new Uint8Array(new SharedArrayBuffer(bytes))
  }
}
