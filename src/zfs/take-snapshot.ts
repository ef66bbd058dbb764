import { checkedSnapshotName } from './dataset-name.ts'
import { findSnapshot } from './list-snapshots.ts'
import type { Snapshot } from './snapshot.ts'
import { takeSnapshots } from './take-snapshots.ts'

/** Takes a snapshot, named as dataset@snapshot. Throws 'exists' if there is one, 'unavailable' without the dataset, 'usage' for a wrong name. */
export async function takeSnapshot(name: string): Promise<Snapshot> {
  await takeSnapshots([checkedSnapshotName(name)], { isRecursive: false })
  return findSnapshot({ name })
}
