import { Failure } from '../errors.ts'
import type { Bookmark } from '../zfs/bookmarks.ts'
import type { Snapshot } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import { mayHold } from './same-snapshot.ts'

/** The dataset that a backup is restored to, as it is. */
export interface RestoreTarget {
  readonly dataset: string
  readonly exists: boolean
  /** All of the dataset; none if there is none. */
  readonly snapshots: readonly Snapshot[]
  readonly bookmarks: readonly Bookmark[]
  /** The datasets below it. */
  readonly below: readonly string[]
}

export interface RestoreRequest {
  /** dataset@snapshot, as the store has it. */
  readonly wanted: string
  /** All of the dataset in the store. */
  readonly backups: readonly Backup[]
  /** The backup that an increment goes on from; undefined if it is missing. */
  parentOf(backup: Backup): Backup | undefined
  /** What is known to be wrong with a backup itself. */
  ownFlawOf(backup: Backup): string | undefined
  readonly target: RestoreTarget
  /** The target may be rolled back, its later snapshots destroyed; a dataset without snapshots may be replaced. */
  readonly force: boolean
}

export interface RestorePlan {
  /** The backup that was asked for. */
  readonly wanted: Backup
  /** What is fetched and received, the oldest first; none if the snapshot is there already. */
  readonly steps: readonly Backup[]
  /** Bytes to fetch. */
  readonly bytes: number
  /** The target's snapshot that the first step goes on from; undefined if that is a full. */
  readonly base: Snapshot | undefined
  /** Snapshots and bookmarks of the target later than the base, the oldest first: they must be destroyed. */
  readonly destroyed: readonly Bookmark[]
}

/**
 * What is to be fetched so that the target has the snapshot. Snapshots are recognised by guid, and by name where none was
 * recorded. A chain with a gap is a Failure 'data', a target in the way 'exists', a name that the store lacks 'unavailable'.
 */
export function planRestore(request: RestoreRequest): RestorePlan {
  const wanted = request.backups.find(({ name }) => name === request.wanted)
  if (wanted === undefined) throw new Failure('unavailable', `${request.wanted}: there is no backup of it in the store`)
  const { steps, base } = walkBack(wanted, request)
  const bytes = steps.reduce((sum, { object }) => sum + object.size, 0)
  if (steps.length === 0) return { wanted, steps, bytes, base, destroyed: [] }
  const destroyed = base === undefined ? makeRoom(request, steps) : laterThan(base, request)
  refuseFlaws(steps, destroyed.length > 0 || (base === undefined && request.target.exists), request)
  return { wanted, steps, bytes, base, destroyed }
}

/** What cannot be opened is not begun with. What looks bad may be tried, but nothing is destroyed for it. */
function refuseFlaws(steps: readonly Backup[], isLosing: boolean, { ownFlawOf }: RestoreRequest): void {
  for (const backup of steps) {
    const flaw = backup.object.flaw ?? (backup.object.size === 0 || isLosing ? ownFlawOf(backup) : undefined)
    if (flaw !== undefined) throw new Failure('data', `${backup.name}: ${flaw}`, { hint: statusHint })
  }
}

const statusHint = 'zsnap status shows which backups can be restored'

/** Of zfs send -R, -I or -p: what it brings is not one snapshot of one dataset alone. */
export function isPackage({ object }: Backup): boolean {
  return object.metadata['zfs-kind'] === 'package'
}

/** The snapshot of the target that a backup holds. */
export function presentAs(backup: Backup, snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.find((each) => (backup.guid === undefined ? mayHold(backup, each) : backup.guid === each.guid))
}

function walkBack(wanted: Backup, { parentOf, target }: RestoreRequest) {
  const byGuid = new Map(target.snapshots.map((each) => [each.guid, each]))
  const baseOf = (backup: Backup) =>
    backup.guid === undefined ? presentAs(backup, target.snapshots) : byGuid.get(backup.guid)
  const steps = new Set<Backup>()
  for (let backup = wanted; ; ) {
    const base = baseOf(backup)
    if (base !== undefined) return { steps: [...steps].reverse(), base }
    if (steps.has(backup)) throw broken(wanted, 'cycle detected', backup)
    steps.add(backup)
    if (backup.isFull) return { steps: [...steps].reverse(), base: undefined }
    const parent = parentOf(backup)
    if (parent === undefined) throw broken(wanted, `missing parent ${backup.parent ?? ''}`.trim(), backup)
    backup = parent
  }
}

function broken(wanted: Backup, reason: string, where: Backup): Failure {
  const place = where === wanted ? '' : ` of ${where.name}`
  return new Failure('data', `${wanted.name}: its chain is broken: ${reason}${place}`, {
    hint: statusHint,
  })
}

/** For a full: it makes the dataset, or takes the place of one that has nothing to lose but its present files. */
function makeRoom({ target, force }: RestoreRequest, steps: readonly Backup[]): readonly Bookmark[] {
  if (!target.exists) return []
  if (target.snapshots.length > 0) {
    throw new Failure('exists', `${target.dataset}: exists, and has no snapshot in common with the backup`, {
      hint: '--to names another dataset to restore to',
    })
  }
  const [below] = steps.some(isPackage) ? target.below : []
  if (below !== undefined) {
    throw new Failure('exists', `${below}: exists, and a stream of several datasets might take its place`, {
      hint: '--to names another dataset to restore to',
    })
  }
  if (force) return []
  throw new Failure('exists', `${target.dataset}: exists already, without snapshots`, {
    hint: '--force replaces what it holds; --to names another dataset to restore to',
  })
}

/** For an increment: what came after its source must go. */
function laterThan(base: Snapshot, { target, force }: RestoreRequest): readonly Bookmark[] {
  const isLater = ({ createTxg }: Bookmark) => createTxg > base.createTxg
  const later = target.snapshots.filter(isLater).toSorted((a, b) => a.createTxg - b.createTxg)
  const last = later.at(-1)
  if (last === undefined) return []
  if (force) {
    refuseHeld(later)
    return [...later, ...target.bookmarks.filter(isLater)]
  }
  const [which, more] = [last.name, later.length === 1 ? '' : ` and ${later.length - 1} before it`]
  throw new Failure('exists', `${target.dataset}: has ${which}${more}, later than ${base.name}`, {
    hint: `--force destroys what is later; --to names another dataset to restore to`,
  })
}

/** ZFS would destroy the others first, and then refuse. */
function refuseHeld(later: readonly Snapshot[]): void {
  const held = later.find(({ holdCount }) => holdCount > 0)
  if (held === undefined) return
  throw new Failure('exists', `${held.name}: is held, and later than what the restore goes on from`, {
    hint: 'zfs holds tells by whom; zsnap release takes a hold back',
  })
}
