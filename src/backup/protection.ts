import { createHash } from 'node:crypto'
import { shellLine } from '../stream/shell-words.ts'
import { createBookmark, destroyBookmark } from '../zfs/bookmarks.ts'
import { holdSnapshot, releaseSnapshot } from '../zfs/holds.ts'
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
  if (protection === 'hold') return holdGuard(tag, local.snapshots)
  const nothing = async () => {}
  return { hold: nothing, letGo: nothing, keep: protection === 'none' ? nothing : bookmarker(tag, local.bookmarks) }
}

function holdGuard(tag: string, snapshots: readonly Snapshot[]): Guard {
  // zfs tells how many holds a snapshot has, but not everywhere whose.
  const perhapsHeld = new Set(snapshots.filter(({ holdCount }) => holdCount > 0))
  const heldHere = new Set<Snapshot>()
  return {
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
      for (const each of perhapsHeld) {
        if (each.createTxg >= snapshot.createTxg) continue
        await releaseSnapshot(tag, each.name)
        perhapsHeld.delete(each)
      }
      perhapsHeld.add(snapshot)
    },
  }
}

function bookmarker(tag: string, bookmarks: readonly Source[]): Guard['keep'] {
  const isOurs = ({ name }: Source) => name.includes(`#${tag}-`)
  let ours = bookmarks.filter(isOurs)
  return async (snapshot) => {
    const [dataset, name] = splitSnapshotName(snapshot.name)
    const mark = { ...snapshot, name: `${dataset}#${tag}-${name}` }
    if (!ours.some(({ guid }) => guid === snapshot.guid)) await createBookmark(snapshot.name, mark.name)
    const older = ours.filter(({ createTxg }) => createTxg < snapshot.createTxg)
    for (const each of older) await destroyBookmark(each.name)
    ours = [...ours.filter((each) => !older.includes(each)), mark]
  }
}

/** What keeps a stored snapshot, as lines for sh(1). What was its base may have no hold of ours. */
export function protectionCommands(protection: Protection, store: string, { step }: BackupJob): readonly string[] {
  const tag = protectionTag(store)
  const { name } = step.snapshot
  const [dataset, snapshot] = splitSnapshotName(name)
  if (protection === 'none') return []
  if (protection === 'bookmark') return [shellLine(['zfs', 'bookmark', name, `${dataset}#${tag}-${snapshot}`])]
  const hold = shellLine(['zfs', 'hold', tag, name])
  const base = step.from?.source.name
  if (base === undefined || base.includes('#')) return [hold]
  return [hold, `${shellLine(['zfs', 'release', tag, base])} 2>/dev/null || :`]
}
