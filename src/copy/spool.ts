import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { onFile } from '../stream/about-file.ts'
import { type BytePath, bytesOf, type Entry } from './entry.ts'

/** Consecutive names of a spool: what parts are made of. */
export interface Crumb {
  /** Bytes from the spool's start to the first name, and of all its names with the NUL behind each. */
  readonly offset: number
  readonly length: number
  readonly files: number
  /** Of the files themselves. */
  readonly bytes: number
}

// A crumb is never split: small enough for parts to be even, large enough to keep their number down.
const crumbFiles = 64
const crumbBytes = 16 * 1024 * 1024
const flushBytes = 256 * 1024

/** Names on their way from the walk to the copies, kept in a file, each with a NUL behind it. */
export class Spool {
  readonly path: string
  readonly #onCrumb: (crumb: Crumb) => void
  readonly #descriptor: number
  #unwritten: Buffer[] = []
  #unwrittenBytes = 0
  #length = 0
  #crumb: Crumb = { offset: 0, length: 0, files: 0, bytes: 0 }

  /** Each crumb is in the file when `onCrumb` is told of it. */
  constructor(path: string, onCrumb: (crumb: Crumb) => void) {
    this.path = path
    this.#onCrumb = onCrumb
    this.#descriptor = openSync(path, 'w', 0o600)
  }

  add(entry: Entry): void {
    this.addTogether([entry])
  }

  /** A crumb of its own. */
  addAlone(entry: Entry): void {
    this.#endCrumb()
    this.add(entry)
    this.#endCrumb()
  }

  /** Names of one file, which must be copied together: in one crumb, however many. */
  addTogether(entries: readonly Entry[]): void {
    const paths = entries.map(({ path }) => path)
    this.#add(paths, paths.length, entries[0]?.bytes ?? 0)
  }

  #add(paths: readonly BytePath[], more: number, moreBytes: number): void {
    for (const path of paths) this.#write(path)
    const { offset, files, bytes } = this.#crumb
    this.#crumb = { offset, length: this.#length - offset, files: files + more, bytes: bytes + moreBytes }
    if (this.#crumb.files >= crumbFiles || this.#crumb.bytes >= crumbBytes) this.#endCrumb()
  }

  /** What lies in a folder, but not below its folders, as one name; the path has a slash behind, and is '' for the root. */
  addFolder(path: BytePath, { files, bytes }: { readonly files: number; readonly bytes: number }): void {
    this.#add([path === '' ? './' : path], files, bytes)
  }

  /** Ends a crumb though it is small. */
  cut(): void {
    this.#endCrumb()
  }

  end(): void {
    this.#endCrumb()
    closeSync(this.#descriptor)
  }

  #write(path: BytePath): void {
    const bytes = bytesOf(`${listedName(path)}\0`)
    this.#unwritten.push(bytes)
    this.#unwrittenBytes += bytes.length
    this.#length += bytes.length
    if (this.#unwrittenBytes >= flushBytes) this.#flush()
  }

  #endCrumb(): void {
    const crumb = this.#crumb
    this.#crumb = { offset: this.#length, length: 0, files: 0, bytes: 0 }
    if (crumb.files === 0) return
    this.#flush()
    this.#onCrumb(crumb)
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#unwritten)
    for (let done = 0; done < bytes.length; ) done += onFile(this.path, () => writeSync(this.#descriptor, bytes, done))
    this.#unwritten = []
    this.#unwrittenBytes = 0
  }
}

/** rsync takes what begins so for a comment, even in a list with NULs. */
function listedName(path: BytePath): string {
  return /^[#;]/.test(path) ? `./${path}` : path
}

/** The path that stands in a spool. */
export function nameOfListed(listed: string): BytePath {
  return listed.startsWith('./') ? listed.slice(2) : listed
}

/** Consecutive names, in bytes from the spool's start. */
export type Piece = Pick<Crumb, 'offset' | 'length'>

/** A whole spool in pieces of about the same length: no more than `most`, and none much shorter than `leastBytes`. */
export async function piecesOf(path: string, most: number, leastBytes: number): Promise<readonly Piece[]> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const count = Math.max(1, Math.min(most, Math.floor(size / leastBytes)))
    const cuts = [0]
    for (let index = 1; index < count; index += 1) cuts.push(await nameAfter(file, Math.floor((size * index) / count)))
    const ends = [...cuts.slice(1), size]
    return cuts
      .map((offset, index) => ({ offset, length: (ends[index] ?? size) - offset }))
      .filter(({ length }) => length > 0)
  } finally {
    await file.close()
  }
}

/** Where the next name begins; the end of the spool, if none does. */
async function nameAfter(file: FileHandle, offset: number): Promise<number> {
  const some = Buffer.alloc(8192)
  for (let at = offset; ; at += some.length) {
    const { bytesRead } = await file.read(some, 0, some.length, at)
    const end = some.subarray(0, bytesRead).indexOf(0)
    if (end >= 0) return at + end + 1
    if (bytesRead < some.length) return at + bytesRead
  }
}

/** The names in a spool, or in a piece of it, as they are there. */
export function readSpool(path: string, piece?: Piece): Readable {
  return piece === undefined
    ? createReadStream(path)
    : createReadStream(path, { start: piece.offset, end: piece.offset + piece.length - 1 })
}
