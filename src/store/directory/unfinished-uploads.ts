import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owner } from '../open-store.ts'
import type { UnfinishedUpload } from '../store.ts'
import { removeFile, statOrMissing } from './durable.ts'
import { type ObjectFiles, parseUploadName, recordFile, uploadFile } from './layout.ts'
import { bytesFile } from './record.ts'
import { walk } from './walk.ts'

// What programs left that were killed since then is removed by the next.
const listingServesMs = 60_000

type UploadName = NonNullable<ReturnType<typeof parseUploadName>>

/** What programs are writing below a directory, or have left. */
export class UnfinishedUploads {
  readonly #root: string
  readonly #owner: Owner
  /** Those of the last directory. */
  #listed: { readonly directory: string; readonly atMs: number; readonly uploads: readonly UploadName[] } | undefined

  constructor(root: string, owner: Owner) {
    this.#root = root
    this.#owner = owner
  }

  /** Of keys that begin so. */
  async *list(prefix: string): AsyncIterable<UnfinishedUpload> {
    const above = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const { prefix: folder, name: fileName } of walk(this.#root, above)) {
      const upload = parseUploadName(fileName)
      if (upload === undefined || !`${folder}${upload.name}`.startsWith(prefix)) continue
      const found = await statOrMissing(join(this.#root, folder, fileName))
      if (found === undefined) continue
      const { size, mtime } = bytesFile(found)
      const isOrphan = this.#owner.isGone(upload.owner, mtime)
      // Killed between its two names: what was written to it would be written into the object.
      const isPublished = (await statOrMissing(join(this.#root, folder, upload.name)))?.ino === found.ino
      const mayBeResumed = isOrphan && !isPublished
      yield { key: folder + upload.name, id: upload.id, storedBytes: size, lastWrite: mtime, isOrphan, mayBeResumed }
    }
  }

  /** Removes what killed programs left of a key. */
  async sweep(files: ObjectFiles): Promise<void> {
    for (const { name, id, owner } of await this.#uploadsIn(files.directory)) {
      if (name !== files.name) continue
      const found = await statOrMissing(uploadFile(files, id))
      if (found !== undefined && this.#owner.isGone(owner, found.mtime)) await removeUpload(files, id)
    }
  }

  /** Many objects may come into one large directory: it is not read for each. */
  async #uploadsIn(directory: string): Promise<readonly UploadName[]> {
    const nowMs = performance.now()
    if (this.#listed?.directory !== directory || nowMs - this.#listed.atMs > listingServesMs) {
      const names = await readdir(directory)
      const uploads = names.map(parseUploadName).filter((upload) => upload !== undefined)
      this.#listed = { directory, atMs: nowMs, uploads }
    }
    return this.#listed.uploads
  }
}

/** Of several that would go on with the same one, that which gives it its own id first gets it. The others get false. */
export async function claimUpload(files: ObjectFiles, id: string, ownId: string): Promise<boolean> {
  try {
    await rename(uploadFile(files, id), uploadFile(files, ownId))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
}

export async function removeUpload(files: ObjectFiles, id: string): Promise<void> {
  const [upload, object] = await Promise.all([statOrMissing(uploadFile(files, id)), statOrMissing(files.bytes)])
  if (upload === undefined) return
  // Killed between its two names: then the record is the object's.
  if (upload.ino !== object?.ino) await removeFile(recordFile(files, upload.ino))
  await removeFile(uploadFile(files, id))
}
