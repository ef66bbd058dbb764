import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Failure } from '../../errors.ts'
import { notFound, rcloneOutput } from './rclone.ts'

/** A hash that both rclone and Node compute. */
export type HashName = 'crc32' | 'sha1' | 'sha256' | 'md5'

// By cost: with a local remote rclone reads all the bytes for it.
const hashNames: readonly HashName[] = ['crc32', 'sha1', 'sha256', 'md5']

const listTries = 3

export interface RemoteFeatures {
  readonly hash: HashName | undefined
  /** The remote reads the whole file for it, and renames a file without touching its bytes. */
  readonly isHashSlow: boolean
  /** It renames, or copies on its side: bytes get their final name without another journey. */
  readonly canMove: boolean
}

/** A file as rclone lists it. */
export interface Entry {
  /** Below what was listed. */
  readonly path: string
  readonly size: number
  /** As the remote says it, ISO 8601. */
  readonly modified: string
  readonly hashes: Readonly<Record<string, string>>
}

/** A path on a remote, as rclone takes it. */
export class Remote {
  readonly #name: string
  readonly #root: string

  /** `name` with its colon (`nas:`, `:local:`); `root` empty or ending in a slash. */
  constructor(name: string, root: string) {
    this.#name = name
    this.#root = root
  }

  pathOf(key: string): string {
    return this.#name + this.#root + key
  }

  /** Without what stands in a remote written on the fly: it may be a password. */
  urlOf(key: string): string {
    return `rclone:${this.#name.replace(/,.*:$/s, ',…:')}${this.#root}${key}`
  }

  /** The store's URL; of a remote written on the fly, with a digest of what is not shown. */
  get identity(): string {
    const url = this.urlOf('')
    if (!this.#name.includes(',')) return url
    return `${url} (${createHash('sha256').update(this.#name).digest('hex').slice(0, 8)})`
  }

  async features(): Promise<RemoteFeatures> {
    const { Hashes, Features } = parsed((await rcloneOutput(['backend', 'features'], [this.pathOf('')])) ?? '{}')
    const hash = hashNames.find((name) => (Hashes ?? []).includes(name))
    const canMove = Features?.Move === true || Features?.Copy === true
    return { hash, isHashSlow: Features?.SlowHash === true && Features.Move === true, canMove }
  }

  /** A file, or undefined; a folder is none. */
  async stat(key: string, hash?: HashName): Promise<Entry | undefined> {
    const asked = hash === undefined ? [] : ['--hash', '--hash-type', hash]
    const text = await rcloneOutput(['lsjson', '--stat', ...asked], [this.pathOf(key)], { allowed: notFound })
    const found = text === undefined ? undefined : parsed(text)
    return found && !found.IsDir ? entryOf(found) : undefined
  }

  async isFolder(key: string): Promise<boolean> {
    const text = await rcloneOutput(['lsjson', '--stat'], [this.pathOf(key)], { allowed: notFound })
    return text !== undefined && parsed(text)?.IsDir === true
  }

  /** The files in a folder that match one of rclone's patterns; without patterns all files at any depth. */
  async list(folder: string, patterns: readonly string[] = []): Promise<Entry[]> {
    const filter = patterns.length === 0 ? ['--recursive'] : patterns.flatMap((pattern) => ['--include', pattern])
    const command = ['lsjson', '--files-only', '--no-mimetype', ...filter]
    for (let tries = 0; tries < listTries; tries++) {
      const text = await rcloneOutput(command, [this.pathOf(folder)], { allowed: notFound })
      if (text !== undefined) return parsed(text).map(entryOf)
      // What was not found may be a folder in it, that has gone meanwhile, and the list is not of all.
      if (!(await this.isFolder(folder))) return []
    }
    throw new Failure('retry', `${this.urlOf(folder)}: rclone finds it, and does not find it when it lists it`)
  }

  /** A small file's text; undefined if it is not there. */
  async read(key: string): Promise<string | undefined> {
    return rcloneOutput(['cat'], [this.pathOf(key)], { allowed: notFound })
  }

  async write(key: string, text: string): Promise<void> {
    await rcloneOutput(['rcat'], [this.pathOf(key)], { input: text })
    const found = await this.read(key)
    if (found === text) return
    throw new Failure('data', `${this.urlOf(key)}: ${found?.length ?? 0} characters read back, ${text.length} written`)
  }

  /** Replaces what is there: rclone would keep a file of the same size on a remote that knows no times. */
  async rename(from: string, to: string): Promise<void> {
    await rcloneOutput(['moveto', '--ignore-times'], [this.pathOf(from), this.pathOf(to)])
  }

  /** What is not there is no failure. */
  async remove(key: string): Promise<void> {
    if ((await this.stat(key)) === undefined) return
    await rcloneOutput(['deletefile'], [this.pathOf(key)])
  }
}

/** A name as one of rclone's patterns that matches nothing else. */
export function patternOf(name: string): string {
  return name.replace(/[\\*?[\]{}]/g, '\\$&')
}

/** Computes a hash as rclone writes it. */
export function startHash(name: HashName): { update(bytes: Uint8Array): void; hex(): string } {
  if (name !== 'crc32') {
    const hash = createHash(name)
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
  }
  let value = 0
  return {
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    hex: () => value.toString(16).padStart(8, '0'),
  }
}

/** What rclone told; with RCLONE_RETRIES=0 it does nothing, and ends well. */
function parsed(json: string) {
  if (json !== '') return JSON.parse(json)
  throw new Failure('protocol', 'rclone ended well, and told nothing', { hint: 'is RCLONE_RETRIES 0? 1 is the least' })
}

function entryOf(found: { Path: string; Size: number; ModTime: string; Hashes?: Record<string, string> }): Entry {
  return { path: found.Path, size: found.Size, modified: found.ModTime, hashes: found.Hashes ?? {} }
}
