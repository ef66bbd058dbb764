import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { aboutFile } from '../../stream/about-file.ts'
import type { Check } from '../../stream/checked-input.ts'
import type { Output } from '../../stream/output.ts'
import type { Sum } from './bodies.ts'
import { expectMissing, expectZeros } from './expect-missing.ts'
import type { ByteRange } from './lost-ranges.ts'
import { readPatchHeader } from './patch-header.ts'
import { sumOfFile } from './patch-input.ts'

/** A file with gaps, into which a patch is written. */
export class PatchFile implements Output {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #asked: readonly ByteRange[] | undefined
  #header = Buffer.alloc(0)
  /** Not yet written; undefined until the patch has said what it has. */
  #left: ByteRange[] | undefined

  private constructor(path: string, handle: FileHandle, asked: readonly ByteRange[] | undefined) {
    this.#path = path
    this.#handle = handle
    this.#asked = asked
  }

  /**
   * It must be there. Only what was `asked` for is written into it, where that is known, and only where it has zeros, or
   * ends: a patch of another file is a Failure 'data' before it does harm, and so is the right one for another file.
   */
  static async open(path: string, asked?: readonly ByteRange[]): Promise<PatchFile> {
    return new PatchFile(path, await open(path, 'r+'), asked)
  }

  /** What the patch has and the file has not, as far as is known. */
  get missing(): readonly ByteRange[] | undefined {
    return this.#left
  }

  async write(bytes: Uint8Array): Promise<void> {
    const body = this.#left === undefined ? await this.#takeHeader(bytes) : bytes
    await this.#writeAll(body).catch(aboutFile(this.#path))
  }

  async flush(): Promise<void> {
    await this.#handle.sync().catch(aboutFile(this.#path))
  }

  /** Reads all of it: what is not the sender's file is a Failure 'data', and so is what the checks refuse. */
  async verify(whole: Sum, checks: readonly Check[], signal: AbortSignal): Promise<void> {
    const { bytes, digest } = await sumOfFile(this.#handle.fd, [], signal)
    if (bytes !== whole.bytes || digest !== whole.digest) {
      const [found, wanted] = [`${bytes} bytes with digest ${digest}`, `${whole.bytes} bytes with ${whole.digest}`]
      throw new Failure('data', `${this.#path}: has ${found} after the patch, and the sender's file ${wanted}`, {
        hint: 'it is another file, or was changed: receive the whole stream again',
      })
    }
    if (checks.length > 0) await sumOfFile(this.#handle.fd, checks, signal)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Returns what is behind the header. */
  async #takeHeader(bytes: Uint8Array): Promise<Uint8Array> {
    this.#header = Buffer.concat([this.#header, bytes])
    const read = readPatchHeader(this.#header)
    if (read === undefined) return new Uint8Array(0)
    const ranges = read.ranges.filter(({ from, to }) => from < to)
    const { size } = await this.#handle.stat()
    expectMissing(ranges, { path: this.#path, bytes: size, asked: this.#asked })
    this.#left = ranges
    const body = this.#header.subarray(read.headerBytes)
    this.#header = Buffer.alloc(0)
    return body
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const [next, ...others] = this.#left ?? []
      if (next === undefined) throw new Failure('protocol', 'the patch is longer than it says')
      const length = Math.min(bytes.length - done, next.to - next.from)
      await this.#expectGap(bytes.subarray(done, done + length), next.from)
      const { bytesWritten } = await this.#handle.write(bytes, done, length, next.from)
      done += bytesWritten
      const rest = { from: next.from + bytesWritten, to: next.to }
      this.#left = rest.from < rest.to ? [rest, ...others] : others
    }
  }

  async #expectGap(wanted: Uint8Array, from: number): Promise<void> {
    const found = new Uint8Array(wanted.length)
    const { bytesRead } = await this.#handle.read(found, 0, found.length, from)
    expectZeros(found.subarray(0, bytesRead), wanted, from, this.#path)
  }
}
