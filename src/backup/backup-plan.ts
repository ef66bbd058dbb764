import { Failure } from '../errors.ts'
import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import { mayHold, wasTakenAfter } from './same-snapshot.ts'
import { refuseOtherFlags, type SendFlags } from './send-flags.ts'

/** What an increment can start from: a snapshot, or a bookmark that is left of one. */
export type Source = Pick<Snapshot, 'name' | 'guid' | 'createTxg'>

export interface BackupRequest {
  readonly dataset: string
  /** All of the dataset. */
  readonly snapshots: readonly Snapshot[]
  readonly bookmarks: readonly Source[]
  /** Which snapshots are backed up; the others are sources at most. */
  isEligible(snapshot: Snapshot): boolean
  /** All of the dataset in the store. */
  readonly backups: readonly Backup[]
  /** Why a backup cannot be restored; undefined if it can. */
  flawOf(backup: Backup): string | undefined
  /** dataset@snapshot; the newest that is eligible if not given. */
  readonly wanted: string | undefined
  /** Begin a new chain with the snapshot that is wanted. */
  readonly isFull: boolean
  readonly sendFlags: SendFlags
}

export interface BackupPlan {
  /** What the store has, or will have when all is done. */
  readonly wanted: Snapshot
  /** The oldest first; none if all is there. */
  readonly steps: readonly BackupStep[]
}

/** One object to be made. */
export interface BackupStep {
  readonly snapshot: Snapshot
  /** Undefined for a full. */
  readonly from: { readonly source: Source; readonly parent: string } | undefined
  /** An object of this name is there, and this one takes its place. */
  readonly isReplacement: boolean
}

/**
 * What is to be sent, the oldest first: the snapshot that is wanted and all before it that its chain lacks in the store,
 * each as an increment to the one before; a full where nothing in the store can be gone on from.
 * A broken chain is a Failure 'data', a name that another snapshot's backup has is 'exists'.
 */
export function planBackup(request: BackupRequest): BackupPlan {
  const snapshots = request.snapshots.toSorted((a, b) => a.createTxg - b.createTxg)
  const wanted = chooseWanted(request, snapshots)
  return { wanted, steps: request.isFull ? planFull(request, wanted) : planMissing(request, wanted, snapshots) }
}

/** The backup of a snapshot: by its guid, or by its name where none was recorded. */
export function backupOf(
  source: Source & Partial<Pick<Snapshot, 'creation'>>,
  backups: readonly Backup[],
): Backup | undefined {
  return (
    backups.find(({ guid }) => guid === source.guid) ??
    backups.find((backup) => backup.name === source.name && mayHold(backup, source))
  )
}

function chooseWanted({ dataset, wanted, isEligible }: BackupRequest, snapshots: readonly Snapshot[]): Snapshot {
  const found = wanted === undefined ? snapshots.findLast(isEligible) : snapshots.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  if (wanted !== undefined) throw new Failure('unavailable', `${wanted}: there is no such snapshot`)
  const some = snapshots.length === 0 ? '' : `: none of its ${snapshots.length} begins with the prefix`
  throw new Failure('unavailable', `${dataset}: there is no snapshot to back up${some}`, {
    hint: `zsnap create ${dataset} takes one`,
  })
}

function planMissing(request: BackupRequest, wanted: Snapshot, snapshots: readonly Snapshot[]): readonly BackupStep[] {
  const own = backupOf(wanted, request.backups)
  if (own !== undefined) refuseFlaw(own, request)
  if (own !== undefined) return []
  const base = findBase(request, wanted)
  const missing = snapshots.filter(
    (each) =>
      each === wanted ||
      (request.isEligible(each) &&
        each.createTxg < wanted.createTxg &&
        each.createTxg > (base?.source.createTxg ?? -1)),
  )
  return missing.map((snapshot, index) => {
    refuseTakenName(snapshot, request.backups)
    const before = missing[index - 1]
    const from = before === undefined ? base : { source: before, parent: before.name }
    return { snapshot, from, isReplacement: false }
  })
}

function planFull({ backups, flawOf }: BackupRequest, snapshot: Snapshot): readonly BackupStep[] {
  refuseTakenName(snapshot, backups)
  const there = backupOf(snapshot, backups)
  if (there?.isFull && flawOf(there) === undefined) return []
  return [{ snapshot, from: undefined, isReplacement: there?.name === snapshot.name }]
}

/** The newest before `wanted` that is in the store. A bookmark's name is its own, so only its guid tells. */
function findBase(request: BackupRequest, wanted: Snapshot): BackupStep['from'] {
  const marks = request.bookmarks.map((mark) => ({ ...mark, isMark: true }))
  const sources = [...request.snapshots.map((each) => ({ ...each, isMark: false })), ...marks]
    .filter(({ createTxg }) => createTxg < wanted.createTxg)
    .toSorted((a, b) => b.createTxg - a.createTxg || Number(a.isMark) - Number(b.isMark))
  for (const source of sources) {
    const backup = backupOf(source, request.backups)
    if (backup === undefined) continue
    refuseFlaw(backup, request)
    refuseOtherFlags(backup, request.sendFlags)
    return { source, parent: backup.name }
  }
  return undefined
}

function refuseFlaw(backup: Backup, { flawOf }: BackupRequest): void {
  const flaw = flawOf(backup)
  if (flaw === undefined) return
  throw new Failure('data', `${backup.name} is in the store, but cannot be restored: ${flaw}`, {
    hint: '--full begins a new chain',
  })
}

/** A snapshot that was destroyed and taken again under its name is another one. */
function refuseTakenName(wanted: Snapshot, backups: readonly Backup[]): void {
  const { name } = wanted
  const holder = backups.find((backup) => backup.name === name)
  const difference = holder && differenceOf(holder, wanted)
  if (difference === undefined) return
  const [, snapshot] = splitSnapshotName(name)
  throw new Failure('exists', `${name} in the store is another snapshot: ${difference}`, {
    hint: `zfs rename '${name}' '@${snapshot}-2' gives this one a name of its own`,
  })
}

function differenceOf({ guid, object: { published } }: Backup, wanted: Snapshot): string | undefined {
  if (guid !== undefined) return guid === wanted.guid ? undefined : `its guid is ${guid}, here it is ${wanted.guid}`
  if (!wasTakenAfter(wanted, published)) return undefined
  return `it was stored at ${published.toISOString()}, and this one taken at ${wanted.creation.toISOString()}`
}
