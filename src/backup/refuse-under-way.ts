import { Failure } from '../errors.ts'
import type { Store, UnfinishedUpload } from '../store/store.ts'

// As long as zsnap clean leaves an upload alone.
const forgottenAfterMs = 24 * 3_600_000

/**
 * Throws 'retry' while a backup of the dataset is on its way to the store, perhaps from another machine: nobody but its
 * program knows what it goes on from.
 */
export async function refuseUnderWay(store: Store, dataset: string, now: Date): Promise<void> {
  const upload = await findUnderWay(store, `${dataset}@`, now)
  if (upload === undefined) return
  const { key, lastWrite } = upload
  throw new Failure('retry', `${key}: is on its way to the store, last written to at ${lastWrite.toISOString()}`, {
    hint: `prune when it is there; if it was broken off: zsnap clean --max-age${lastWrite > now ? '=0s' : ''}`,
  })
}

async function findUnderWay(store: Store, prefix: string, now: Date): Promise<UnfinishedUpload | undefined> {
  try {
    for await (const upload of store.unfinished(prefix)) {
      if (!upload.isOrphan && now.getTime() - upload.lastWrite.getTime() < forgottenAfterMs) return upload
    }
  } catch (error) {
    // Some stores cannot list them.
    if (!(error instanceof Failure && error.kind === 'unavailable')) throw error
  }
  return undefined
}
