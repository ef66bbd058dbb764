import { Failure } from '../errors.ts'
import { createBookmark, destroyBookmark } from '../zfs/bookmarks.ts'
import { holdSnapshot, releaseSnapshot } from '../zfs/holds.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { isUnknownToZfs } from '../zfs/zfs-command.ts'
import type { Point, SyncDataset } from './inventory.ts'

/**
 * Keeps the base of the next increment: a bookmark of the snapshot that one receiver has, so that all snapshots may be
 * destroyed. It is named `#zfsync-<8 digits of the receiver>-<guid>`: several receivers have each its own. A zfs without
 * bookmarks, such as zfs-fuse, gets a hold of the tag `zfsync-<8 digits>` on the snapshot itself.
 */
export interface IncrementMarks {
  /** Before the snapshot is sent. */
  mark(dataset: string, point: Point): Promise<void>
  /** When the receiver has it: those of older snapshots are of no use any more. */
  advance(dataset: string, source: SyncDataset, point: Point): Promise<void>
}

/** Without a receiver's id there is nobody who tells what arrived: nothing is marked. */
export function incrementMarks(receiverId: string | undefined): IncrementMarks {
  if (receiverId === undefined) return { mark: async () => {}, advance: async () => {} }
  const tag = `zfsync-${receiverId}`
  const made = new Map<string, string[]>()
  let hasBookmarks = true
  return {
    async mark(dataset, { name, guid }) {
      const [snapshot, bookmark] = [`${dataset}@${name}`, `${tag}-${guid}`]
      try {
        if (hasBookmarks) await createBookmark(snapshot, `${dataset}#${bookmark}`)
        made.set(dataset, [...(made.get(dataset) ?? []), bookmark])
      } catch (error) {
        if (isUnknownToZfs(error)) hasBookmarks = false
        else unlessThereOrGone(error)
      }
      if (!hasBookmarks) await holdSnapshot(tag, snapshot).catch(unlessThereOrGone)
    },
    async advance(dataset, { bookmarks }, { name: newest, guid }) {
      if (!hasBookmarks) return await releaseOlder(dataset, newest, tag)
      const before = bookmarks.map(({ name }) => name).filter((name) => name.startsWith(`${tag}-`))
      for (const name of new Set([...before, ...(made.get(dataset) ?? [])])) {
        if (name !== `${tag}-${guid}`) await destroyBookmark(`${dataset}#${name}`).catch(unlessGone)
      }
    },
  }
}

/** Also those that a killed run has left. */
async function releaseOlder(dataset: string, newest: string, tag: string): Promise<void> {
  const held = (await listSnapshots(dataset)).filter(({ holdCount }) => holdCount > 0)
  for (const { name } of held) if (name !== `${dataset}@${newest}`) await releaseSnapshot(tag, name).catch(unlessGone)
}

/** A snapshot that is gone, its sending will tell. */
function unlessThereOrGone(error: unknown): void {
  if (!(error instanceof Failure && (error.kind === 'exists' || error.kind === 'unavailable'))) throw error
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Failure && error.kind === 'unavailable')) throw error
}
