/**
 * Buffers under one budget: the memory bound of a transfer. They are used again and again; threads can share them. Who
 * asks for larger ones as the transfer goes on gets them in the place of smaller ones.
 */
export class BufferPool {
  readonly bufferBytes: number
  readonly #maxCount: number
  readonly #budgetBytes: number
  #free: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  #count = 0
  #bytes = 0

  /** At most `count` buffers, of `bufferBytes` unless asked for larger. Two may be there whatever the budget is. */
  constructor(bufferBytes: number, count: number, budgetBytes: number = bufferBytes * count) {
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
    return new Uint8Array(new SharedArrayBuffer(bytes))
  }
}
