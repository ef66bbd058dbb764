import type { Store, UnfinishedUpload } from '../store/store.ts'

export interface StaleWishes {
  readonly now: Date
  /** What was written to later than so many milliseconds ago is left alone: it may be gone on with. */
  readonly maxAgeMs: number
}

export interface UploadAge {
  readonly upload: UnfinishedUpload
  readonly ageMs: number
  readonly isStale: boolean
}

/** All unfinished uploads below the store's prefix, and which of them nobody has written to for long. */
export async function* listUploadAges(store: Store, { now, maxAgeMs }: StaleWishes): AsyncGenerator<UploadAge> {
  for await (const upload of store.unfinished('')) {
    const ageMs = now.getTime() - upload.lastWrite.getTime()
    yield { upload, ageMs, isStale: ageMs >= maxAgeMs }
  }
}
