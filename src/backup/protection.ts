import { createHash } from 'node:crypto'
import { shellLine } from '../stream/shell-words.ts'
import { createBookmark, destroyBookmark } from '../zfs/bookmarks.ts'
import { fitsZfs } from '../zfs/dataset-name.ts'
import { holdSnapshot, releaseSnapshot } from '../zfs/holds.ts'
import { protecting } from '../zfs/read-only-pool.ts'
import { type Snapshot, splitSnapshotName } from '../zfs/snapshot.ts'
import type { BackupJob } from './backup-job.ts'
import type { Source } from './backup-plan.ts'

/** What keeps the last stored snapshot of a dataset as the base of the next increment. */
export type Protection = 'hold' | 'bookmark' | 'none'

export interface Guard {
  /** While it is sent. */
  hold(snapshot: Snapshot): Promise<void>
  /** After it could not be stored. */
  letGo(snapshot: Snapshot): Promise<void>
  /** When it is stored: it is the base from now on, and those before it need not be. */
  keep(snapshot: Snapshot): Promise<void>
}

/** The tag of our holds for one store, so that backups to several stores protect each their own: by its identity. */
export function protectionTag(store: string): string {
  return `zpipes-${createHash('sha256').update(store).digest('hex').slice(0, 8)}`
}

export interface LocalSources {
  readonly snapshots: readonly Snapshot[]
  readonly bookmarks: readonly Source[]
}

export function guardWith(protection: Protection, store: string, local: LocalSources): Guard {
  const tag = protectionTag(store)
  const nothing = async () => {}
  if (protection === 'none') return { hold: nothing, letGo: nothing, keep: nothing }
  const holds = holdGuard(tag, local.snapshots)
  const marks = { hold: nothing, letGo: nothing, keep: bookmarker(tag, local.bookmarks, holds) }
  const { hold, letGo, keep } = protection === 'hold' ? holds : marks
  const without = '--protect=none'
  return {
    hold: (snapshot) => protecting(without, () => hold(snapshot)),
    letGo,
    keep: (snapshot) => protecting(without, () => keep(snapshot)),
  }
}

interface HoldGuard extends Guard {
  /** Lets go of all of our holds on what is older. */
  release(than: Snapshot): Promise<void>
}

function holdGuard(tag: string, snapshots: readonly Snapshot[]): HoldGuard {
  // zfs tells how many holds a snapshot has, but not everywhere whose.
  const perhapsHeld = new Set(snapshots.filter(({ holdCount }) => holdCount > 0))
  const heldHere = new Set<Snapshot>()
  async function release(than: Snapshot): Promise<void> {
    for (const each of perhapsHeld) {
      if (each.createTxg >= than.createTxg) continue
      await releaseSnapshot(tag, each.name)
      perhapsHeld.delete(each)
    }
  }
  return {
    release,
    async hold(snapshot) {
      if (await holdSnapshot(tag, snapshot.name)) heldHere.add(snapshot)
      perhapsHeld.add(snapshot)
    },
    async letGo(snapshot) {
      // One that had the hold may be the base of what is stored: a full that was to take its place has failed, or
      // another program has stored it.
      if (heldHere.has(snapshot)) await releaseSnapshot(tag, snapshot.name)
    },
    async keep(snapshot) {
      await holdSnapshot(tag, snapshot.name)
      await release(snapshot)
      perhapsHeld.add(snapshot)
    },
  }
}

/** Where no name is left for a bookmark, a hold it is. */
function bookmarker(tag: string, bookmarks: readonly Source[], holds: HoldGuard): Guard['keep'] {
  const isOurs = ({ name }: Source) => name.includes(`#${tag}-`)
  let ours = bookmarks.filter(isOurs)
  return async (snapshot) => {
    const name = bookmarkName(tag, snapshot, bookmarks)
    const isThere = ours.some(({ guid }) => guid === snapshot.guid)
    if (!isThere && name === undefined) await holds.keep(snapshot)
    else {
      if (!isThere && name !== undefined) await createBookmark(snapshot.name, name)
      await holds.release(snapshot)
    }
    const older = ours.filter(({ createTxg }) => createTxg < snapshot.createTxg)
    for (const each of older) await destroyBookmark(each.name)
    const mark = name === undefined || isThere ? [] : [{ ...snapshot, name }]
    ours = [...ours.filter((each) => !older.includes(each)), ...mark]
  }
}

/** By the snapshot's name; by its guid where that is too long, or another snapshot's of this name, which is no more, has it. */
function bookmarkName(tag: string, { name, guid }: Snapshot, bookmarks: readonly Source[]): string | undefined {
  const [dataset, snapshot] = splitSnapshotName(name)
  const isTaken = (mark: string) => bookmarks.some((each) => each.name === mark && each.guid !== guid)
  return [snapshot, guid].map((end) => `${dataset}#${tag}-${end}`).find((mark) => fitsZfs(mark) && !isTaken(mark))
}

/** What keeps a stored snapshot, as lines for sh(1). What was its base may have no hold of ours. */
export function protectionCommands(
  protection: Protection,
  store: string,
  { step }: BackupJob,
  { bookmarks }: LocalSources,
): readonly string[] {
  const tag = protectionTag(store)
  const { name } = step.snapshot
  if (protection === 'none') return []
  const mark = protection === 'bookmark' ? bookmarkName(tag, step.snapshot, bookmarks) : undefined
  if (mark !== undefined) return [shellLine(['zfs', 'bookmark', name, mark])]
  const hold = shellLine(['zfs', 'hold', tag, name])
  const base = step.from?.source.name
  if (base === undefined || base.includes('#')) return [hold]
  return [hold, `${shellLine(['zfs', 'release', tag, base])} 2>/dev/null || :`]
}
