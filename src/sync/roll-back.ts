import { Failure } from '../errors.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import { releaseAll } from './increment-holds.ts'

export interface Rollback {
  readonly toGuid: string
  /** Of the newest snapshot as it was listed. */
  readonly newestGuid: string
}

/**
 * Destroys what is newer than a snapshot. If what was listed as the newest is gone already, as when a file of streams is
 * read again, there is nothing to do; if there is a newer one, that is a Failure 'retry'.
 */
export async function rollBack(dataset: string, { toGuid, newestGuid }: Rollback): Promise<void> {
  const snapshots = await listSnapshots(dataset)
  if (!snapshots.some(({ guid }) => guid === newestGuid)) return
  const to = snapshots.findIndex(({ guid }) => guid === toGuid)
  const base = snapshots[to]
  if (base === undefined || snapshots.at(-1)?.guid !== newestGuid)
    throw new Failure('retry', `${dataset}: its snapshots have changed meanwhile`)
  await releaseAll(snapshots.slice(to + 1).map(({ name }) => name))
  await runZfs('rollback', '-r', base.name)
}
