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
    while (count < target.length && (this.#rest.length > 0 || (await this.#next()))) {
      const piece = this.#rest.subarray(0, target.length - count)
      target.set(piece, count)
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

  /** False at the end. */
  async #next(): Promise<boolean> {
    if (this.#hasEnded) return false
    const frame = await this.#channel.read()
    if (frame.kind === 'data') {
      this.#rest = frame.bytes as Uint8Array<ArrayBuffer>
      return true
    }
    const message = parseSenderMessage(frame.text)
    this.#hasEnded = true
    if (message.type === 'complete') return false
    if (message.type === 'abort') throw failureOf(message.trouble)
    throw new Failure('protocol', `'${message.type}' came in the middle of a stream`)
  }
}
