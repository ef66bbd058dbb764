/** A fixed number of equal buffers: the memory bound of a transfer. Threads can share them. */
export class BufferPool {
  readonly bufferBytes: number
  readonly #free: Uint8Array[] = []
  readonly #waiting: ((buffer: Uint8Array) => void)[] = []
  #unborn: number

  /** At most `count` buffers of `bufferBytes` each; memory is taken when first needed. */
  constructor(bufferBytes: number, count: number) {
    this.bufferBytes = bufferBytes
    this.#unborn = count
  }

  /** Resolves as soon as a buffer is free. */
  async take(): Promise<Uint8Array> {
    const buffer = this.#free.pop()
    if (buffer !== undefined) return buffer
    if (this.#unborn > 0) {
      this.#unborn--
      return new Uint8Array(new SharedArrayBuffer(this.bufferBytes))
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  give(buffer: Uint8Array): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}
