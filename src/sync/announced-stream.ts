import { Failure } from '../errors.ts'
import type { Input } from '../stream/input.ts'
import type { Channel } from './channel.ts'
import { failureOf } from './messages.ts'
import { parseSenderMessage } from './parse-messages.ts'

/** The data frames up to `complete`, as an Input: `abort` in its place is a Failure. */
export class AnnouncedStream implements Input {
  readonly #channel: Channel
  #rest = new Uint8Array(0)
  #hasEnded = false

  constructor(channel: Channel) {
    this.#channel = channel
  }

  async fill(target: Uint8Array): Promise<number> {
    let count = 0
    while (count < target.length) {
      const free = target.subarray(count)
      if (this.#rest.length === 0) {
        const bytes = await this.#next(free)
        if (bytes === undefined) break
        // Read into its place, in most cases.
        if (bytes.buffer === target.buffer) count += bytes.length
        else this.#rest = bytes as Uint8Array<ArrayBuffer>
        continue
      }
      const piece = this.#rest.subarray(0, free.length)
      free.set(piece)
      count += piece.length
      this.#rest = this.#rest.subarray(piece.length)
    }
    return count
  }

  async close(): Promise<void> {}

  /** Reads what is left of it, so that the next message can follow. */
  async drain(): Promise<void> {
    while (!this.#hasEnded && this.#channel.failure === undefined) await this.#next().catch(() => {})
  }

  /** The bytes of the next frame, in this place if they fit there; undefined at the end. */
  async #next(place?: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#hasEnded) return undefined
    const frame = await this.#channel.read(place)
    if (frame.kind === 'data') return frame.bytes
    const message = parseSenderMessage(frame.text)
    this.#hasEnded = true
    if (message.type === 'complete') return undefined
    if (message.type === 'abort') throw failureOf(message.trouble)
    throw new Failure('protocol', `'${message.type}' came in the middle of a stream`)
  }
}
