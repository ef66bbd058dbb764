import type { Store, UnfinishedUpload } from '../store/store.ts'

export interface UploadAge {
  readonly upload: UnfinishedUpload
  readonly ageMs: number
  /** Nobody has written to it for long. One that is younger may be gone on with. */
  readonly isStale: boolean
}

/** All unfinished uploads of a store, and which of them nobody has written to for `maxAgeMs`. */
export async function* listUploadAges(store: Store, now: Date, maxAgeMs: number): AsyncGenerator<UploadAge> {
  for await (const upload of store.unfinished('')) {
    const ageMs = now.getTime() - upload.lastWrite.getTime()
    // One of a time to come, by a clock that was wrong, goes where none is too young.
    yield { upload, ageMs, isStale: Math.max(0, ageMs) >= maxAgeMs }
  }
}
