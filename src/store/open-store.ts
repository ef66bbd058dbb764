import type { S3StoreOptions } from './s3/s3-options.ts'
import type { Store } from './store.ts'
import type { ObjectPlace } from './url.ts'

/** Who writes: so that what a killed program left can be told from what a running one is writing. */
export interface Owner {
  /** Of letters, digits and dashes; no other running program has the same. */
  readonly id: string
  /** True only if the program of this id, which has written so lately, is known to have ended. */
  isGone(id: string, lastWrite: Date): boolean
}

export interface StoreOptions {
  readonly owner: Owner
  /** Read every part back after writing it. Only for a store that computes no checksums itself. */
  readonly readBack: boolean
  /** For a place in S3. */
  readonly s3?: S3StoreOptions
}

/** The store of a place; each kind is loaded when it is first needed. */
export async function openStore(place: ObjectPlace, options: StoreOptions): Promise<Store> {
  if (place.scheme === 's3') {
    const { S3Store } = await import('./s3/s3-store.ts')
    return new S3Store(place.bucket, place.prefix, options.s3 ?? {})
  }
  if (place.scheme === 'rclone') {
    const { RcloneStore } = await import('./rclone/rclone-store.ts')
    return new RcloneStore(place.remote, place.root, options)
  }
  const { DirectoryStore } = await import('./directory/directory-store.ts')
  return new DirectoryStore(place.directory, options)
}
