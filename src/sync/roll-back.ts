import { Failure } from '../errors.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { isUnknownToZfs, runZfs } from '../zfs/zfs-command.ts'
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

/**
 * What was written into it since its newest snapshot is lost. Not by `zfs receive -F`, which destroys of a package's dataset
 * every snapshot that the sender has no more, such as those that a backup is to keep longer.
 */
export async function dropChanges(dataset: string): Promise<void> {
  const newest = (await listSnapshots(dataset)).at(-1)
  if (newest !== undefined && (await isWritten(dataset))) await runZfs('rollback', newest.name)
}

/** True too where ZFS does not tell, such as zfs-fuse. */
async function isWritten(dataset: string): Promise<boolean> {
  const written = await runZfs('get', '-Hp', '-o', 'value', 'written', dataset).catch((error: unknown) => {
    if (isUnknownToZfs(error)) return ''
    throw error
  })
  return written.trim() !== '0'
}
