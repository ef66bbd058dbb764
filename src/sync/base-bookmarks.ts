import { Failure } from '../errors.ts'
import { createBookmark, destroyBookmark } from '../zfs/bookmarks.ts'
import { isUnknownToZfs } from '../zfs/zfs-command.ts'
import type { Point, SyncDataset } from './inventory.ts'

/**
 * Bookmarks of the snapshots that one receiver has: though all its snapshots are destroyed, the next increment has a base.
 * They are named `#zfsync-<8 digits of the receiver>-<guid>`, so that several receivers have each its own.
 */
export interface BaseBookmarks {
  /** Before the snapshot is sent. */
  mark(dataset: string, point: Point): Promise<void>
  /** When the receiver has it: those of older snapshots are of no use any more. */
  advance(dataset: string, source: SyncDataset, point: Point): Promise<void>
}

/** Without a receiver's id there is nobody who tells what arrived: nothing is marked. */
export function baseBookmarks(receiverId: string | undefined): BaseBookmarks {
  if (receiverId === undefined) return { mark: async () => {}, advance: async () => {} }
  const prefix = `zfsync-${receiverId}-`
  const made = new Map<string, string[]>()
  return {
    async mark(dataset, { name, guid }) {
      const bookmark = `${prefix}${guid}`
      await createBookmark(`${dataset}@${name}`, `${dataset}#${bookmark}`).then(
        () => made.set(dataset, [...(made.get(dataset) ?? []), bookmark]),
        unlessThereOrUnknown,
      )
    },
    async advance(dataset, { bookmarks }, { guid }) {
      const before = bookmarks.map(({ name }) => name).filter((name) => name.startsWith(prefix))
      for (const name of new Set([...before, ...(made.get(dataset) ?? [])])) {
        if (name !== `${prefix}${guid}`) await destroyBookmark(`${dataset}#${name}`).catch(unlessGone)
      }
    },
  }
}

/** zfs-fuse has no bookmarks. A snapshot that is gone, its sending will tell. */
function unlessThereOrUnknown(error: unknown): void {
  const isHarmless = error instanceof Failure && (error.kind === 'exists' || error.kind === 'unavailable')
  if (!isHarmless && !isUnknownToZfs(error)) throw error
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Failure && error.kind === 'unavailable')) throw error
}
