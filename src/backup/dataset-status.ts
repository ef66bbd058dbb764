import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import type { Catalogue } from './catalogue.ts'
import { clockSkewMs, mayHold } from './same-snapshot.ts'
import type { Verification } from './verification.ts'

/** A snapshot, here or in the store. */
export interface SnapshotStatus {
  /** dataset@snapshot */
  readonly name: string
  /** When it was taken, as far as that is known. */
  readonly creation: Date
  /** Undefined if it is not in the store. */
  readonly backup: Backup | undefined
  /** Why the backup cannot be restored; undefined if it can, or if there is none. */
  readonly flaw: string | undefined
  /** other: the snapshot of this name is another one, by its guid. unknown: this machine's ZFS does not say. */
  readonly local: 'ok' | 'missing' | 'other' | 'unknown'
  readonly verification: Verification | undefined
}

export interface DatasetStatus {
  readonly dataset: string
  /** By name. */
  readonly snapshots: readonly SnapshotStatus[]
  readonly backupCount: number
  readonly brokenCount: number
  /** Good ones that are younger than now: a clock is wrong. They say nothing of how old the newest is. */
  readonly futureCount: number
  readonly storedBytes: number
  /** The backup that can be restored and whose snapshot was taken last. */
  readonly newestGood: Backup | undefined
  /** When one was last looked at and found good. */
  readonly lastVerified: Date | undefined
  readonly state: 'ok' | 'warning' | 'critical'
  /** Why, in a line. */
  readonly summary: string
}

export interface StatusLimits {
  readonly now: Date
  readonly warnAgeMs: number
  readonly critAgeMs: number
  formatAge(milliseconds: number): string
}

/** Judges a dataset by its backups, out of the catalogue, and by its snapshots here; undefined if those are not known. */
export function judgeDataset(
  dataset: string,
  backups: readonly Backup[],
  local: readonly Snapshot[] | undefined,
  catalogue: Pick<Catalogue, 'flawOf' | 'verificationOf'>,
  limits: StatusLimits,
): DatasetStatus {
  const snapshots = statuses(backups, local, catalogue)
  const stored = snapshots.flatMap(({ backup, flaw }) => (backup === undefined ? [] : [{ backup, flaw }]))
  const good = stored.filter(({ flaw }) => flaw === undefined).map(({ backup }) => backup)
  const past = good.filter(({ creation }) => creation.getTime() <= limits.now.getTime() + clockSkewMs)
  const newestGood = newestOf(past) ?? newestOf(good)
  const verified = snapshots.flatMap(({ verification }) =>
    verification !== undefined && verification.flaw === undefined ? [verification.at.getTime()] : [],
  )
  const counts = {
    backupCount: stored.length,
    brokenCount: stored.length - good.length,
    futureCount: good.length - past.length,
  }
  return {
    dataset,
    snapshots,
    ...counts,
    storedBytes: stored.reduce((sum, { backup }) => sum + backup.object.size, 0),
    newestGood,
    lastVerified: verified.length === 0 ? undefined : new Date(verified.reduce((a, b) => Math.max(a, b))),
    ...verdict(dataset, newestGood, counts, limits),
  }
}

function newestOf(backups: readonly Backup[]): Backup | undefined {
  return backups.reduce<Backup | undefined>((a, b) => (a && a.creation > b.creation ? a : b), undefined)
}

function statuses(
  backups: readonly Backup[],
  local: readonly Snapshot[] | undefined,
  { flawOf, verificationOf }: Pick<Catalogue, 'flawOf' | 'verificationOf'>,
): readonly SnapshotStatus[] {
  const here = new Map(local?.map((each) => [each.name, each]))
  const guidsHere = new Set(local?.map(({ guid }) => guid))
  const inStore = backups.map((backup): SnapshotStatus => {
    const snapshot = here.get(backup.name)
    const state = local === undefined ? 'unknown' : localState(backup, snapshot, guidsHere)
    return {
      name: backup.name,
      creation: backup.creation,
      backup,
      flaw: flawOf(backup),
      local: state,
      verification: verificationOf(backup),
    }
  })
  const stored = new Set(backups.map(({ name }) => name))
  const guids = new Set(backups.map(({ guid }) => guid))
  const onlyHere = [...here.values()].filter(({ name, guid }) => !stored.has(name) && !guids.has(guid))
  const nothing = { backup: undefined, flaw: undefined, verification: undefined }
  const rest = onlyHere.map(({ name, creation }): SnapshotStatus => ({ name, creation, local: 'ok', ...nothing }))
  return [...inStore, ...rest].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** One that was renamed here since is there under another name. */
function localState(
  backup: Backup,
  snapshot: Snapshot | undefined,
  guidsHere: ReadonlySet<string>,
): SnapshotStatus['local'] {
  if (snapshot === undefined) return backup.guid !== undefined && guidsHere.has(backup.guid) ? 'ok' : 'missing'
  return backup.guid === snapshot.guid || mayHold(backup, snapshot) ? 'ok' : 'other'
}

function verdict(
  dataset: string,
  newestGood: Backup | undefined,
  { backupCount, brokenCount, futureCount }: Pick<DatasetStatus, 'backupCount' | 'brokenCount' | 'futureCount'>,
  { now, warnAgeMs, critAgeMs, formatAge }: StatusLimits,
): Pick<DatasetStatus, 'state' | 'summary'> {
  const future = futureCount === 0 ? '' : `; ${futureCount} from the future`
  const counts = `${backupCount} backups, ${brokenCount} broken${future}`
  if (newestGood === undefined) return { state: 'critical', summary: `${dataset}: no good backup; ${counts}` }
  const ageMs = Math.max(0, now.getTime() - newestGood.creation.getTime())
  const [, snapshot] = splitSnapshotName(newestGood.name)
  const summary = `${dataset}: the newest good backup, ${snapshot}, is ${formatAge(ageMs)} old; ${counts}`
  if (ageMs >= critAgeMs) return { state: 'critical', summary }
  return { state: ageMs >= warnAgeMs || brokenCount > 0 || futureCount > 0 ? 'warning' : 'ok', summary }
}
