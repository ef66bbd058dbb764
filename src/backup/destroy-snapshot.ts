import type { Store } from '../store/store.ts'
import { destroySnapshots } from '../zfs/destroy-snapshots.ts'
import { findSnapshot, listSnapshots } from '../zfs/list-snapshots.ts'
import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import { obstacleTo, readTies } from './obstacles.ts'

export interface DestroyOptions {
  /** The last snapshot that this store has stays, since the next backup goes on from it. */
  readonly store?: Store
}

/**
 * Destroys a snapshot; another one that has its name by now stays. Throws 'exists' if it is held, or the origin of a
 * clone, or what the next backup goes on from, and 'unavailable' if it is gone.
 */
export async function destroySnapshot(
  snapshot: Pick<Snapshot, 'name' | 'guid'>,
  { store }: DestroyOptions = {},
): Promise<void> {
  const found = await findSnapshot(snapshot)
  const [dataset, name] = splitSnapshotName(found.name)
  const obstacle = await obstacleTo(found, await readTies(dataset, await listSnapshots(dataset), store))
  if (obstacle !== undefined) throw obstacle.failure
  const { signal } = new AbortController()
  await destroySnapshots(dataset, [name], {
    signal,
    tell(failure) {
      throw failure
    },
  })
}
