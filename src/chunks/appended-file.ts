import { type FileHandle, open, readFile } from 'node:fs/promises'
import { aboutFile } from '../stream/about-file.ts'
import { SharedTurn } from '../stream/shared-turn.ts'

/** A file that only grows, by whole lines: what of some could be written before a failure is taken away. */
export class AppendedFile {
  readonly file: string
  text: string
  readonly #handle: FileHandle
  /** Its length. That of the text is another one where names of others are no UTF-8. */
  #bytes: number
  /** There may be more in the file than that. */
  #isDirty = false
  #waiting = ''
  readonly #writing = new SharedTurn(() => this.#write())

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

  /** Resolves when the disk has the lines; those of all who ask at the same time go together, or none of them. */
  append(lines: string): Promise<void> {
    this.#waiting += lines
    return this.#writing.ask()
  }

  async close(): Promise<void> {
    await this.#writing.rest()
    await this.#handle.close()
  }

  async #write(): Promise<void> {
    const lines = this.#waiting
    this.#waiting = ''
    try {
      if (this.#isDirty) await this.#handle.truncate(this.#bytes)
      this.#isDirty = true
      await this.#handle.appendFile(lines)
      await this.#handle.datasync()
      this.#isDirty = false
      this.text += lines
      this.#bytes += Buffer.byteLength(lines)
    } catch (error) {
      aboutFile(this.file)(error)
    }
  }
}
