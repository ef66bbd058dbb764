import type { Readable } from 'node:stream'
import type { Input } from './input.ts'

// As much as comes while nobody asks; then the stream is paused.
const mostAheadBytes = 256 * 1024

/** A Node stream, such as a connection, read as an Input by its events: its iterator costs several promises for each piece. */
export class ReadableInput implements Input {
  readonly #stream: Readable
  #ahead: Uint8Array[] = []
  #aheadBytes = 0
  #target: Uint8Array | undefined
  #count = 0
  #resolve: (count: number) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #isDiscarding = false
  #hasEnded = false
  #error: unknown

  constructor(stream: Readable) {
    this.#stream = stream
    stream.pause()
    stream.on('data', (piece: Uint8Array) => this.#take(piece))
    stream.on('end', () => this.#end())
    stream.on('error', (error) => this.#fail(error))
    stream.on('close', () => this.#fail(new Error('Premature close')))
  }

  fill(target: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#target = target
      this.#count = 0
      this.#resolve = resolve
      this.#reject = reject
      this.#takeAhead()
      if (this.#target === undefined) return
      if (this.#hasEnded) this.#finish()
      else if (this.#error !== undefined) this.#fail(this.#error)
      else this.#stream.resume()
    })
  }

  /** Drops what still comes, and has come unread. Resolves when the stream has ended, or broken. */
  async discard(): Promise<void> {
    this.#isDiscarding = true
    this.#ahead = []
    const stream = this.#stream
    if (this.#hasEnded || this.#error !== undefined || stream.destroyed) return
    await new Promise<void>((resolve) => {
      for (const event of ['end', 'close'] as const) stream.once(event, resolve)
      stream.resume()
    })
  }

  async close(): Promise<void> {
    this.#stream.destroy()
  }

  #takeAhead(): void {
    const ahead = this.#ahead
    this.#ahead = []
    this.#aheadBytes = 0
    for (const piece of ahead) this.#take(piece)
  }

  #take(piece: Uint8Array): void {
    if (this.#isDiscarding) return
    const rest = this.#target === undefined ? piece : this.#fillWith(piece, this.#target)
    if (rest.length === 0) return
    this.#ahead.push(rest)
    this.#aheadBytes += rest.length
    if (this.#aheadBytes >= mostAheadBytes) this.#stream.pause()
  }

  /** Returns what is left of the piece. */
  #fillWith(piece: Uint8Array, target: Uint8Array): Uint8Array {
    const fitting = piece.subarray(0, target.length - this.#count)
    target.set(fitting, this.#count)
    this.#count += fitting.length
    if (this.#count === target.length) this.#finish()
    return piece.subarray(fitting.length)
  }

  #end(): void {
    this.#hasEnded = true
    this.#finish()
  }

  #finish(): void {
    if (this.#target === undefined) return
    this.#target = undefined
    this.#resolve(this.#count)
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return
    this.#error ??= error
    if (this.#target === undefined) return
    this.#target = undefined
    this.#reject(this.#error)
  }
}
