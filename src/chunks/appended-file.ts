import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { aboutFile } from '../stream/about-file.ts'
import { SharedTurn } from '../stream/shared-turn.ts'

const pieceBytes = 256 * 1024

interface Found {
  readonly lines: Buffer
  /** Of a last line without its end. */
  readonly rest: Buffer
}

/** A file that only grows, by whole lines: what of some could be written before a failure is taken away. */
export class AppendedFile {
  readonly file: string
  readonly #handle: FileHandle
  #bytes: number
  /** There may be more in the file than that. */
  #isDirty = false
  #waiting = ''
  readonly #writing = new SharedTurn(() => this.#write())

  private constructor(file: string, handle: FileHandle, { lines, rest }: Found) {
    this.file = file
    this.#handle = handle
    this.#bytes = lines.length
    this.#isDirty = rest.length > 0
  }

  /** The file as it is, and what is in it. A last line without its end goes with the next that is appended, unless it is ended. */
  static async open(file: string): Promise<{ readonly appended: AppendedFile; readonly found: Found }> {
    const handle = await open(file, 'a+')
    try {
      const bytes = await handle.readFile()
      const end = bytes.lastIndexOf('\n') + 1
      const found = { lines: bytes.subarray(0, end), rest: bytes.subarray(end) }
      return { appended: new AppendedFile(file, handle, found), found }
    } catch (error) {
      await handle.close()
      throw error
    }
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

  /** Takes away what is behind its lines. */
  async cutRest(): Promise<void> {
    if (this.#isDirty) await this.#handle.truncate(this.#bytes)
    this.#isDirty = false
  }

  /** Makes a line of what is behind its lines. */
  async endRest(): Promise<void> {
    await this.#handle.appendFile('\n')
    this.#bytes = (await this.#handle.stat()).size
    this.#isDirty = false
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
      await this.cutRest()
      // Others may have added to it.
      this.#bytes = (await this.#handle.stat()).size
      this.#isDirty = true
      await this.#handle.appendFile(lines)
      await this.#handle.datasync()
      this.#isDirty = false
      this.#bytes += Buffer.byteLength(lines)
    } catch (error) {
      // At once, as others may write behind it; else before the next.
      await this.cutRest().catch(() => {})
      aboutFile(this.file)(error)
    }
  }
}
