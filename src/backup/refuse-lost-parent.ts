import { Failure } from '../errors.ts'
import type { Store, StoredObject } from '../store/store.ts'
import type { BackupJob } from './backup-job.ts'
import { backupIn } from './list-backups.ts'

/*
 * A lock keeps programs of one machine apart; the store is open to all. So an increment asks for its parent before it is
 * published and once more after, while whoever prunes removes a parent and then looks for increments to it: whichever
 * comes last sees what the other has done.
 */

/** Before an increment is published: throws 'retry' if its parent is gone, as when another machine prunes the store. */
export async function refuseLostParent(store: Store, job: BackupJob): Promise<void> {
  if (await hasParent(store, job)) return
  throw lostParent(job, 'is not stored')
}

/** After: then the increment is removed again, so that the next run finds nothing in its way. Throws 'retry' too. */
export async function withdrawWithoutParent(store: Store, job: BackupJob, stored: StoredObject): Promise<void> {
  if (await hasParent(store, job)) return
  const found = await store.describe(stored.key)
  if (found?.etag === stored.etag) await store.remove(stored.key)
  throw lostParent(job, 'was removed again')
}

/** By guid, or by name alone where z3 has stored it. */
async function hasParent(store: Store, { step: { from } }: BackupJob): Promise<boolean> {
  if (from === undefined) return true
  const object = await store.describe(from.parent)
  if (object === undefined) return false
  const { guid } = backupIn(object)
  return guid === undefined || guid === from.source.guid
}

function lostParent({ key, step: { from } }: BackupJob, outcome: string): Failure {
  return new Failure('retry', `${key}: ${outcome}, since ${from?.parent} went from the store meanwhile`, {
    hint: 'run the same command again',
  })
}
