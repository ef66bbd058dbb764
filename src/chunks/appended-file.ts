import { type FileHandle, open, readFile } from 'node:fs/promises'
import { aboutFile } from '../stream/about-file.ts'

/** A file that only grows, by whole lines: what of one could be written before a failure is taken away. */
export class AppendedFile {
  readonly file: string
  text: string
  readonly #handle: FileHandle
  /** Its length. That of the text is another one where names of others are no UTF-8. */
  #bytes: number
  #last: Promise<void> = Promise.resolve()

  private constructor(file: string, handle: FileHandle, lines: Buffer) {
    this.file = file
    this.#handle = handle
    this.#bytes = lines.length
    this.text = lines.toString('utf8')
  }

  static async open(file: string): Promise<AppendedFile> {
    const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    const lines = found.subarray(0, found.lastIndexOf('\n') + 1)
    const handle = await open(file, 'a')
    if (lines.length < found.length) await handle.truncate(lines.length)
    return new AppendedFile(file, handle, lines)
  }

  async append(lines: string): Promise<void> {
    const written = this.#last.catch(() => {}).then(() => this.#write(lines))
    this.#last = written
    await written
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {})
    await this.#handle.close()
  }

  async #write(lines: string): Promise<void> {
    try {
      // Also what a truncation that failed has left.
      await this.#handle.truncate(this.#bytes)
      await this.#handle.appendFile(lines)
      await this.#handle.datasync()
      this.#bytes += Buffer.byteLength(lines)
      this.text += lines
    } catch (error) {
      aboutFile(this.file)(error)
    }
  }
}
