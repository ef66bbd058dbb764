import { Arena } from './arena.ts'

export interface BufferPoolOptions {
  /** For all together; two may be there whatever it is. */
  readonly budgetBytes?: number
  /** The size that may be asked for as the transfer goes on: larger ones take the place of smaller ones. */
  readonly largestBytes?: number
  /** The buffers of pools that were retired. */
  readonly spare?: Uint8Array[] | undefined
}

/** Buffers under one budget: the memory bound of a transfer. They are used again and again; threads can share them. */
export class BufferPool {
  readonly bufferBytes: number
  readonly #maxCount: number
  readonly #spare: Uint8Array[]
  readonly #arena: Arena | undefined
  #free: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  #count = 0

  /** At most `count` buffers, of `bufferBytes` unless asked for larger. */
  constructor(bufferBytes: number, count: number, options: BufferPoolOptions = {}) {
    const { budgetBytes = bufferBytes * count, largestBytes = bufferBytes, spare = [] } = options
    const grows = largestBytes > bufferBytes
    this.bufferBytes = bufferBytes
    this.#spare = spare
    this.#arena = grows ? new Arena(Math.min(budgetBytes, count * largestBytes)) : undefined
    this.#maxCount = grows ? count : Math.min(count, Math.max(2, Math.floor(budgetBytes / bufferBytes)))
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
    if (this.#arena?.give(buffer)) this.#count--
    else this.#free.push(buffer)
    this.#waiting.shift()?.()
  }

  /** Leaves the free buffers to other pools. Nobody may take from this one, or give to it, after that. */
  retire(): void {
    this.#spare.push(...this.#free)
    this.#free = []
  }

  /** Lets go of free buffers that have become too small. */
  #drop(bytes: number): void {
    const fit = this.#free.filter((one) => one.length >= bytes)
    this.#count -= this.#free.length - fit.length
    this.#free = fit
  }

  #create(bytes: number): Uint8Array | undefined {
    if (this.#count >= this.#maxCount) return undefined
    const range = this.#arena?.take(bytes)
    // Two that the arena could not have at once need not lie there.
    const isFree = this.#arena === undefined || (this.#count < 2 && 2 * bytes > this.#arena.bytes)
    if (range === undefined && !isFree) return undefined
    this.#count++
    return range ?? this.#takeSpare(bytes) ?? new Uint8Array(new SharedArrayBuffer(bytes))
  }

  #takeSpare(bytes: number): Uint8Array | undefined {
    const index = this.#spare.findIndex(({ length }) => length === bytes)
    return index < 0 ? undefined : this.#spare.splice(index, 1)[0]
  }
}
