import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
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

/** The names in a spool, or in a piece of it, as they are there. */
export function readSpool(path: string, piece?: { readonly offset: number; readonly length: number }): Readable {
  return piece === undefined
    ? createReadStream(path)
    : createReadStream(path, { start: piece.offset, end: piece.offset + piece.length - 1 })
}
