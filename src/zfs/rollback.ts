import { Failure } from '../errors.ts'
import { findSnapshot, listSnapshots } from './list-snapshots.ts'
import { type Snapshot, splitSnapshotName } from './snapshot.ts'
import { runZfs } from './zfs-command.ts'

/**
 * Brings a dataset back to its newest snapshot: what was written since is lost. Throws 'exists' if there is a later
 * snapshot, which a rollback would destroy, and 'unavailable' if the one that is meant is gone.
 */
export async function rollback(snapshot: Pick<Snapshot, 'name' | 'guid'>): Promise<void> {
  const { name } = await findSnapshot(snapshot)
  const [dataset] = splitSnapshotName(name)
  const newest = (await listSnapshots(dataset)).at(-1)
  if (newest?.guid !== snapshot.guid) {
    throw new Failure('exists', `${name}: ${newest?.name} is later`, { hint: 'destroy it first' })
  }
  await runZfs('rollback', name)
}
