import type { Store, StoredObject } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import { type LockPlace, withLock } from '../stream/lock.ts'
import { listBookmarks } from '../zfs/bookmarks.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import { type BackupJob, backupJob, type JobSettings } from './backup-job.ts'
import { backupOf, planBackup } from './backup-plan.ts'
import { readCatalogue } from './catalogue.ts'
import { isDecrypted } from './is-decrypted.ts'
import { backupIn } from './list-backups.ts'
import { type Guard, guardWith, type LocalSources, type Protection } from './protection.ts'
import { BackupProgress, storeBackup } from './store-backup.ts'

export interface BackupWishes extends JobSettings {
  /** The snapshot's name behind the @; the newest if not given. */
  readonly snapshot: string | undefined
  readonly isFull: boolean
  /** Only snapshots whose names begin so are backed up. */
  readonly prefix: string
}

export interface BackupRun {
  readonly lock: LockPlace
  readonly protection: Protection
  /** Go on with an upload that broke, and leave one that breaks to be gone on with. */
  readonly resume: boolean
  readonly signal: AbortSignal
  /** Look at every stream before it is compressed, such as a rate limit. */
  readonly checks: readonly Check[]
  onStart(job: BackupJob, progress: BackupProgress): void
  /** A chain begins in which the store gets decrypted what is encrypted here. */
  onDecrypted(job: BackupJob): void
  /** A chain begins, since none of the backups that the store has of the dataset is of a snapshot here. */
  onStrangers(dataset: string, backups: number): void
  onStored(job: BackupJob, object: StoredObject, progress: BackupProgress): void
}

export interface PreparedBackup {
  /** The oldest first; none if the store has all. */
  readonly jobs: readonly BackupJob[]
  readonly wanted: Snapshot
  readonly local: LocalSources
  /** How many backups of the dataset the store has, if a chain begins beside them and none is of a snapshot here: of another, perhaps. */
  readonly strangers: number
}

/** Says what is to be done so that the store has a dataset's snapshots. Changes nothing. */
export async function prepareBackup(store: Store, dataset: string, wishes: BackupWishes): Promise<PreparedBackup> {
  const [snapshots, bookmarks, catalogue] = await Promise.all([
    listSnapshots(dataset),
    listBookmarks(dataset),
    readCatalogue(store, { datasets: [dataset], isRecursive: false }),
  ])
  const local = { snapshots, bookmarks }
  const { wanted, steps } = planBackup({
    ...{ dataset, ...catalogue, ...local },
    isEligible: ({ name }) => splitSnapshotName(name)[1].startsWith(wishes.prefix),
    wanted: wishes.snapshot === undefined ? undefined : `${dataset}@${wishes.snapshot}`,
    isFull: wishes.isFull,
    sendFlags: wishes.sendFlags,
  })
  const jobs: BackupJob[] = []
  for (const step of steps) jobs.push(await backupJob(step, wishes))
  const { backups } = catalogue
  const beginsAnew = steps[0] !== undefined && steps[0].from === undefined && !wishes.isFull
  const isStrange = () => [...snapshots, ...bookmarks].every((each) => backupOf(each, backups) === undefined)
  return { jobs, wanted, local, strangers: beginsAnew && isStrange() ? backups.length : 0 }
}

/**
 * Brings a dataset's snapshots into the store, one object each, under a lock. What is stored stays, whatever happens after
 * it; the last of it is kept from being destroyed, as the base of the next increment.
 */
export async function backUp(store: Store, dataset: string, wishes: BackupWishes, run: BackupRun): Promise<void> {
  const storeName = await store.identity()
  await withLock(`${dataset} in ${storeName}`, run.lock, async () => {
    const { jobs, wanted, local, strangers } = await prepareBackup(store, dataset, wishes)
    const guard = guardWith(run.protection, storeName, local)
    if (jobs.length === 0) await guard.keep(wanted)
    if (strangers > 0) run.onStrangers(dataset, strangers)
    for (const job of jobs) await backUpOne(store, job, guard, run)
  })
}

async function backUpOne(store: Store, job: BackupJob, guard: Guard, run: BackupRun): Promise<void> {
  const { snapshot } = job.step
  const progress = new BackupProgress(job.estimatedBytes)
  if (await isDecrypted(job)) run.onDecrypted(job)
  await guard.hold(snapshot)
  run.onStart(job, progress)
  const object = await storeBackup(store, job, { ...run, progress }).catch(async (error: unknown) => {
    if (!(await isStoredByAnother(store, job))) await guard.letGo(snapshot).catch(() => {})
    throw error
  })
  await guard.keep(snapshot)
  run.onStored(job, object, progress)
}

/** As on a machine with containers, which have locks of their own: then our hold is what keeps its base. */
async function isStoredByAnother(store: Store, { key, step }: BackupJob): Promise<boolean> {
  if (step.isReplacement) return false
  const object = await store.describe(key).catch(() => undefined)
  return object !== undefined && backupIn(object).guid === step.snapshot.guid
}
