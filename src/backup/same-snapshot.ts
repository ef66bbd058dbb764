import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'

type Taken = Partial<Pick<Snapshot, 'creation'>>

/** As far as clocks of machines differ that S3 lets in. */
export const clockSkewMs = 15 * 60_000

/**
 * True if a backup without a guid, as z3 stores it, may hold this snapshot: it has its name, in whatever dataset, and was
 * not stored before the snapshot was taken, as under a name that was used before.
 */
export function mayHold({ name, guid, object }: Backup, snapshot: Pick<Snapshot, 'name'> & Taken): boolean {
  if (guid !== undefined || splitSnapshotName(name)[1] !== afterAt(snapshot.name)) return false
  return !wasTakenAfter(snapshot, object.published)
}

export function wasTakenAfter({ creation }: Taken, published: Date): boolean {
  return creation !== undefined && creation.getTime() > published.getTime() + clockSkewMs
}

/** Nothing of a bookmark, whose name is its own. */
function afterAt(name: string): string | undefined {
  const at = name.indexOf('@')
  return at < 0 ? undefined : name.slice(at + 1)
}
