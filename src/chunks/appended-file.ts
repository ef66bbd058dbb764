import { type FileHandle, open, readFile } from 'node:fs/promises'
import { aboutFile } from '../stream/about-file.ts'

/** A file that only grows, by whole lines: what of one could be written before a failure is taken away. */
export class AppendedFile {
  readonly file: string
  text: string
  readonly #handle: FileHandle
  #last: Promise<void> = Promise.resolve()

  private constructor(file: string, handle: FileHandle, text: string) {
    this.file = file
    this.#handle = handle
    this.text = text
  }

  static async open(file: string): Promise<AppendedFile> {
    const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    const text = found.slice(0, found.lastIndexOf('\n') + 1)
    const handle = await open(file, 'a')
    if (text !== found) await handle.truncate(Buffer.byteLength(text))
    return new AppendedFile(file, handle, text)
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
      await this.#handle.truncate(Buffer.byteLength(this.text))
      await this.#handle.appendFile(lines)
      await this.#handle.datasync()
      this.text += lines
    } catch (error) {
      aboutFile(this.file)(error)
    }
  }
}
