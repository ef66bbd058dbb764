import { Readable } from 'node:stream'
import type { HttpConnection } from './http-connection.ts'
import { closedEarly, notHttp, type ResponseHead } from './response-head.ts'

// Errors and the like: a body that is to be fast is filled into memory.
const pieceBytes = 16 * 1024
const maxLineBytes = 4096

/**
 * The body of an answer: to be filled into memory of the caller's, or to be read as any stream, which is what the SDK
 * does with errors. When it has been read to its end the connection is free for the next request.
 */
export class ResponseBody extends Readable {
  /** How many bytes `fill` has put into its targets, those before a failure too. */
  filledBytes = 0
  readonly #connection: HttpConnection
  readonly #isChunked: boolean
  readonly #release: (mayBeUsed: boolean) => void
  /** Of the body, or of the chunk. */
  #left: number
  #isFirstChunk = true
  #isAtEnd = false

  /** `release` is called once: when the connection may be used again, or cannot be. */
  constructor(connection: HttpConnection, head: ResponseHead, release: (mayBeUsed: boolean) => void) {
    super({ highWaterMark: pieceBytes })
    this.#connection = connection
    this.#isChunked = /\bchunked$/i.test(head.headers['transfer-encoding'] ?? '')
    this.#left = this.#isChunked ? 0 : lengthOf(head)
    const isWhole = this.#isChunked || this.#left < Infinity
    let isReleased = false
    this.#release = (mayBeUsed) => {
      if (!isReleased) release(mayBeUsed && isWhole && head.isKeptAlive)
      isReleased = true
    }
    if (this.#left === 0 && !this.#isChunked) this.#finish()
  }

  /** Resolves to the bytes put into `target`: fewer than its length only at the body's end. */
  async fill(target: Uint8Array): Promise<number> {
    let count = 0
    while (count < target.length && !this.#isAtEnd && (await this.#hasMore())) {
      const piece = target.subarray(count, count + this.#left)
      const filled = await this.#connection.fill(piece)
      count += filled
      this.filledBytes += filled
      this.#left -= filled
      const mayEndHere = this.#left === Infinity && this.#connection.error === undefined
      if (filled < piece.length && !mayEndHere) throw this.#broken()
      if (filled < piece.length || (this.#left === 0 && !this.#isChunked)) this.#finish()
    }
    return count
  }

  /** Whether all of it has been read. Waits for the end of a body whose length was not told. */
  async hasEnded(): Promise<boolean> {
    return this.#isAtEnd || (await this.fill(new Uint8Array(1))) === 0
  }

  override _read(): void {
    const buffer = Buffer.allocUnsafeSlow(pieceBytes)
    this.fill(buffer).then(
      (count) => {
        if (count > 0) this.push(buffer.subarray(0, count))
        if (count < buffer.length) this.push(null)
      },
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release(false)
    callback(error)
  }

  /** Between chunks: reads the next one's length, and after the last what follows it. */
  async #hasMore(): Promise<boolean> {
    if (!this.#isChunked || this.#left > 0) return true
    if (!this.#isFirstChunk && (await this.#line()) !== '') throw notHttp('a chunk has no end')
    this.#isFirstChunk = false
    const [, digits] = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(await this.#line()) ?? []
    if (digits === undefined) throw notHttp('a chunk has no length')
    this.#left = Number.parseInt(digits, 16)
    if (this.#left > 0) return true
    while ((await this.#line()) !== '');
    this.#finish()
    return false
  }

  async #line(): Promise<string> {
    for (;;) {
      const { pending } = this.#connection
      const end = pending.indexOf('\r\n')
      if (end >= 0) {
        this.#connection.consume(end + 2)
        return pending.toString('latin1', 0, end)
      }
      if (pending.length > maxLineBytes) throw notHttp('a line between chunks is too long')
      if (!(await this.#connection.more())) throw this.#broken()
    }
  }

  #broken(): Error {
    return this.#connection.error ?? closedEarly('in the middle of the answer')
  }

  #finish(): void {
    this.#isAtEnd = true
    this.#release(true)
  }
}

/** Infinity: as long as the connection stays open. */
function lengthOf({ status, headers }: ResponseHead): number {
  if (status === 204 || status === 304) return 0
  const length = headers['content-length']
  if (length === undefined) return Infinity
  if (!/^\d+$/.test(length)) throw notHttp('the length of the answer is no number')
  return Number(length)
}
