import { close, read } from 'node:fs'
import { promisify } from 'node:util'
import { aboutFile } from './about-file.ts'
import type { Input } from './input.ts'

const readInto = promisify(read)
const closeDescriptor = promisify(close)

/** A file or a device: reads never block for long, so the thread pool may do them. */
export class FileInput implements Input {
  readonly #fd: number
  readonly #signal: AbortSignal | undefined
  #isClosed = false

  constructor(fd: number, signal?: AbortSignal) {
    this.#fd = fd
    this.#signal = signal
  }

  async fill(target: Uint8Array): Promise<number> {
    let count = 0
    while (count < target.length) {
      this.#signal?.throwIfAborted()
      const read = readInto(this.#fd, target, count, target.length - count, null)
      const { bytesRead } = await read.catch(aboutFile(this.#fd === 0 ? 'stdin' : `descriptor ${this.#fd}`))
      if (bytesRead === 0) break
      count += bytesRead
    }
    return count
  }

  async close(): Promise<void> {
    // Closed twice, the number could be another file's already.
    if (this.#isClosed) return
    this.#isClosed = true
    // 0, 1 and 2 stay open: Node would give their numbers to the next file.
    if (this.#fd > 2) await closeDescriptor(this.#fd)
  }
}
