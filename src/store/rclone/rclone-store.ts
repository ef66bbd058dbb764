import { randomBytes } from 'node:crypto'
import { Failure } from '../../errors.ts'
import { isOurs, isRecordOf, parseUploadName, recordedName } from '../directory/layout.ts'
import type { StoreOptions } from '../open-store.ts'
import type { OpenObject, Store, StoredObject, UnfinishedUpload, Upload, UploadOptions } from '../store.ts'
import { describeEntry, findObject } from './find-object.ts'
import { filesOf, uploadKey } from './layout.ts'
import { openObject } from './open-object.ts'
import { RcloneUpload } from './rclone-upload.ts'
import { patternOf, Remote } from './remote.ts'

const partBytes = 1024 * 1024

/** A remote of rclone's as a store; layout.ts draws its files. Every question is a run of rclone. */
export class RcloneStore implements Store {
  readonly checksum = 'xxh64'
  // A pipe to rclone, which itself may send several parts at once.
  readonly partsAtOnce = 1
  readonly readBytes = partBytes
  readonly memoryBytes = 2 * partBytes
  readonly #remote: Remote
  readonly #options: StoreOptions

  constructor(name: string, root: string, options: StoreOptions) {
    this.#remote = new Remote(name, root)
    this.#options = options
  }

  urlOf(key: string): string {
    return this.#remote.urlOf(key)
  }

  async identity(): Promise<string> {
    return this.#remote.identity
  }

  partBytes(): number {
    return partBytes
  }

  async describe(key: string): Promise<StoredObject | undefined> {
    return (await findObject(this.#remote, filesOf(key)))?.object
  }

  async open(key: string): Promise<OpenObject> {
    const found = await findObject(this.#remote, filesOf(key))
    if (found === undefined) throw new Failure('unavailable', `${this.urlOf(key)}: no such object`)
    return openObject(this.#remote, found)
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const entries = await this.#entriesBelow(prefix)
    const records = recordsByKey(entries.map(({ key }) => key))
    for (const { key, entry } of entries) {
      if (isOurs(nameOf(key)) || !key.startsWith(prefix)) continue
      yield await describeEntry(this.#remote, key, entry, records.get(key) ?? [])
    }
  }

  async create(key: string, options: UploadOptions): Promise<Upload> {
    const files = filesOf(key)
    const features = await this.#remote.features()
    if (!features.canMove) {
      throw new Failure('unavailable', `${this.urlOf(key)}: the remote can neither move nor copy a file`, {
        hint: 'without that nothing can be compared before it is visible',
      })
    }
    if (await this.#remote.isFolder(key)) await this.#refuseFolder(key)
    await this.#sweep(key)
    const id = `${this.#options.owner.id}.${randomBytes(4).toString('hex')}`
    return new RcloneUpload(this.#remote, files, features, { ...options, key, id, readBack: this.#options.readBack })
  }

  async *unfinished(prefix: string): AsyncIterable<UnfinishedUpload> {
    for (const { key: path, entry } of await this.#entriesBelow(prefix)) {
      const upload = parseUploadName(nameOf(path))
      const key = folderOf(path) + (upload?.name ?? '')
      if (upload === undefined || !key.startsWith(prefix)) continue
      const lastWrite = new Date(entry.modified)
      const isOrphan = this.#options.owner.isGone(upload.owner, lastWrite)
      yield { key, id: upload.id, storedBytes: entry.size, lastWrite, isOrphan, mayBeResumed: false }
    }
  }

  async resume({ key }: UnfinishedUpload): Promise<Upload> {
    throw new Failure('usage', `${this.urlOf(key)}: rclone cannot go on with a broken upload`, {
      hint: 'store it again from the beginning',
    })
  }

  async remove(target: string | UnfinishedUpload): Promise<void> {
    if (typeof target !== 'string') return this.#remote.remove(uploadKey(filesOf(target.key), target.id))
    const { folder, name } = filesOf(target)
    const entries = await this.#remote.list(folder, [`/.${patternOf(name)}.*.zpipes`])
    await this.#remote.remove(target)
    for (const { path } of entries) if (isRecordOf(name, path)) await this.#remote.remove(folder + path)
  }

  /** All files in the folder that a prefix begins with, and below it, in the order of their keys' bytes. */
  async #entriesBelow(prefix: string) {
    const folder = folderOf(prefix)
    const entries = (await this.#remote.list(folder)).map((entry) => ({ key: folder + entry.path, entry }))
    return entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  async #refuseFolder(key: string): Promise<void> {
    // A store of objects calls a folder what is only the beginning of names, or nothing at all.
    if ((await this.#remote.list(`${key}/`)).length === 0) return
    throw new Failure('exists', `${this.urlOf(key)}: is a directory`)
  }

  /** Removes what killed programs left of this key. */
  async #sweep(key: string): Promise<void> {
    const { folder, name } = filesOf(key)
    for (const { path, modified } of await this.#remote.list(folder, [`/.${patternOf(name)}.*.upload`])) {
      const upload = parseUploadName(path)
      if (upload?.name !== name || !this.#options.owner.isGone(upload.owner, new Date(modified))) continue
      await this.#remote.remove(folder + path)
    }
  }
}

function recordsByKey(keys: readonly string[]): Map<string, string[]> {
  const records = new Map<string, string[]>()
  for (const key of keys) {
    const name = recordedName(nameOf(key))
    if (name === undefined) continue
    const object = folderOf(key) + name
    records.set(object, [...(records.get(object) ?? []), key])
  }
  return records
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
