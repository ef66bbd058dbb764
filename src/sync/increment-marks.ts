import { Failure } from '../errors.ts'
import { createBookmark, destroyBookmark } from '../zfs/bookmarks.ts'
import { fitsZfs } from '../zfs/dataset-name.ts'
import { holdEach, holdSnapshot, releaseEach } from '../zfs/holds.ts'
import { protecting } from '../zfs/read-only-pool.ts'
import { isUnknownToZfs } from '../zfs/zfs-command.ts'
import type { Point, SyncDataset } from './inventory.ts'

/** A snapshot of a dataset, by the dataset's whole name. */
export interface Mark {
  readonly dataset: string
  readonly point: Point
}

/** One that the receiver has. */
export interface Advance extends Mark {
  readonly source: SyncDataset
}

/**
 * Keeps the base of the next increment: a bookmark of the snapshot that one receiver has, so that all snapshots may be
 * destroyed. It is named `#zfsync-<8 digits of the receiver>-<guid>`: several receivers have each its own. Where there are
 * no bookmarks, as in zfs-fuse, or none of so long a name, the snapshot itself gets a hold of the tag `zfsync-<8 digits>`.
 */
export interface IncrementMarks {
  /** All that is to be sent, where few calls of zfs can do it. What is not marked by it is left to `mark`. */
  prepare(all: readonly Mark[]): Promise<void>
  /** Before the snapshot is sent. */
  mark(mark: Mark): Promise<void>
  /** When the receiver has them: the marks of older snapshots are of no use any more. */
  advance(arrived: readonly Advance[]): Promise<void>
}

/** Without a receiver's id there is nobody who tells what arrived: nothing is marked. */
export function incrementMarks(receiverId: string | undefined): IncrementMarks {
  if (receiverId === undefined) return { prepare: async () => {}, mark: async () => {}, advance: async () => {} }
  const tag = `zfsync-${receiverId}`
  const marked = new Set<string>()
  const made = new Map<string, string[]>()
  let hasBookmarks = true
  const nameOf = ({ dataset, point }: Mark) => `${dataset}#${tag}-${point.guid}`
  const canBookmark = (mark: Mark) => hasBookmarks && fitsZfs(nameOf(mark))

  async function bookmark(mark: Mark): Promise<void> {
    const { dataset, point } = mark
    const name = `${tag}-${point.guid}`
    try {
      await createBookmark(snapshotOf(mark), nameOf(mark))
      marked.add(snapshotOf(mark))
      made.set(dataset, [...(made.get(dataset) ?? []), name])
    } catch (error) {
      if (isWithoutBookmarks(error)) hasBookmarks = false
      else unlessThereOrGone(error)
    }
  }

  return {
    async prepare(all) {
      const first = all.find(canBookmark)
      try {
        if (first !== undefined) await bookmark(first)
        const names = all.filter((each) => !canBookmark(each)).map(snapshotOf)
        if (names.length === 0) return
        await holdEach(tag, names)
        for (const name of names) marked.add(name)
      } catch (error) {
        // Of which, `mark` will tell.
        if (!(error instanceof Failure)) throw error
      }
    },
    async mark(mark) {
      const name = snapshotOf(mark)
      if (marked.has(name)) return
      await protecting('--no-bookmark', async () => {
        if (canBookmark(mark)) await bookmark(mark)
        if (!canBookmark(mark)) await holdSnapshot(tag, name).catch(unlessThereOrGone)
      })
    },
    async advance(arrived) {
      const held = arrived.filter((each) => !canBookmark(each))
      await releaseEach(
        tag,
        held.flatMap((each) => olderThan(each, marked)),
      )
      for (const { dataset, source, point } of arrived.filter(canBookmark)) {
        const before = source.bookmarks.map(({ name }) => name).filter((name) => name.startsWith(`${tag}-`))
        const older = new Set([...before, ...(made.get(dataset) ?? [])])
        older.delete(`${tag}-${point.guid}`)
        for (const name of older) await destroyBookmark(`${dataset}#${name}`).catch(unlessGone)
      }
    },
  }
}

function snapshotOf({ dataset, point }: Mark): string {
  return `${dataset}@${point.name}`
}

/** Also where the feature is not enabled in the pool, as in one that is old. */
function isWithoutBookmarks(error: unknown): boolean {
  return isUnknownToZfs(error) || (error instanceof Failure && /feature not enabled/.test(error.message))
}

/** Also those that a killed run has left; where holds are not counted, all there may be. */
function olderThan({ dataset, source, point }: Advance, marked: ReadonlySet<string>): readonly string[] {
  const older = source.snapshots.filter(({ guid }) => guid !== point.guid)
  const names = older.map(({ name, holdCount }) => ({ name: `${dataset}@${name}`, isHeld: holdCount !== 0 }))
  return names.filter(({ name, isHeld }) => isHeld || marked.has(name)).map(({ name }) => name)
}

/** A snapshot that is gone, its sending will tell. */
function unlessThereOrGone(error: unknown): void {
  if (!(error instanceof Failure && (error.kind === 'exists' || /does not exist/.test(error.message)))) throw error
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Failure && error.kind === 'unavailable')) throw error
}
