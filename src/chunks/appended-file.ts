import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { aboutFile } from '../stream/about-file.ts'
import { SharedTurn } from '../stream/shared-turn.ts'

const pieceBytes = 256 * 1024

/** A file that only grows, by whole lines: what of some could be written before a failure is taken away. */
export class AppendedFile {
  readonly file: string
  readonly #handle: FileHandle
  #bytes: number
  /** There may be more in the file than that. */
  #isDirty = false
  #waiting = ''
  readonly #writing = new SharedTurn(() => this.#write())

  private constructor(file: string, handle: FileHandle, bytes: number) {
    this.file = file
    this.#handle = handle
    this.#bytes = bytes
  }

  /** The file with the lines that are there. */
  static async open(file: string): Promise<{ readonly appended: AppendedFile; readonly text: string }> {
    const handle = await open(file, 'a+')
    const found = await handle.readFile()
    const lines = found.subarray(0, found.lastIndexOf('\n') + 1)
    if (lines.length < found.length) await handle.truncate(lines.length)
    return { appended: new AppendedFile(file, handle, lines.length), text: lines.toString('utf8') }
  }

  /** The length of what the disk has. */
  get bytes(): number {
    return this.#bytes
  }

  /** Its bytes from the beginning, so many of those that the disk has. */
  async *read(bytes: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, bytes - at))
      const { bytesRead } = await this.#handle.read(piece, 0, piece.length, at).catch(aboutFile(this.file))
      if (bytesRead === 0) throw new Failure('io', `${this.file}: is shorter than what was written to it`)
      at += bytesRead
      yield piece.subarray(0, bytesRead)
    }
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
      this.#bytes += Buffer.byteLength(lines)
    } catch (error) {
      aboutFile(this.file)(error)
    }
  }
}
