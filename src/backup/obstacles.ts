import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Bookmark, listBookmarks } from '../zfs/bookmarks.ts'
import { holdTagsOf } from '../zfs/holds.ts'
import { listClones } from '../zfs/list-clones.ts'
import type { Snapshot } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import { listBackups } from './list-backups.ts'
import { mayHold } from './same-snapshot.ts'

/** What speaks against destroying a snapshot, or a bookmark. */
export interface Obstacle {
  readonly failure: Failure
  /** Whoever says `last-common` has it destroyed all the same; these tags are released before. */
  readonly canForce: boolean
  readonly tags: readonly string[]
}

/** All that is to be known of a dataset to tell what may be destroyed of it. */
export interface Ties {
  readonly clones: ReadonlyMap<string, readonly string[]>
  readonly bookmarks: readonly Bookmark[]
  /** The guid of the snapshot from which the next backup to the store would go on. */
  readonly lastStored: string | undefined
}

// What zsnap backup tags with, and names bookmarks with; zfsync-send has bookmarks of its own.
const ownTag = /^zpipes-/
const ownBookmark = /#(zpipes|zfsync)-/

/** Asks the store too, if there is one, what it has of the dataset. */
export async function readTies(dataset: string, snapshots: readonly Snapshot[], store?: Store): Promise<Ties> {
  const [clones, bookmarks, backups] = await Promise.all([
    listClones([dataset]),
    listBookmarks(dataset),
    store === undefined ? [] : listBackups(store, dataset),
  ])
  return { clones, bookmarks, lastStored: lastStoredOf(snapshots, backups)?.guid }
}

/** The youngest snapshot here that is in the store: by guid, or by name where none was recorded. */
export function lastStoredOf(snapshots: readonly Snapshot[], backups: readonly Backup[]): Snapshot | undefined {
  const guids = new Set(backups.map(({ guid }) => guid))
  const named = new Map(backups.filter(({ guid }) => guid === undefined).map((each) => [each.name, each]))
  return snapshots.findLast((each) => {
    const other = named.get(each.name)
    return guids.has(each.guid) || (other !== undefined && mayHold(other, each))
  })
}

/** Why this snapshot is not to be destroyed; undefined if nothing speaks against it. */
export async function obstacleTo(snapshot: Snapshot, ties: Ties): Promise<Obstacle | undefined> {
  const { name } = snapshot
  const clones = ties.clones.get(name)
  if (clones !== undefined) return refusal(`${name}: is the origin of ${clones.join(', ')}`, `destroy the clone first`)
  const tags = snapshot.holdCount > 0 ? await holdTagsOf(name) : []
  const others = tags?.filter((tag) => !ownTag.test(tag))
  if (others === undefined) {
    return refusal(`${name}: is held by ${snapshot.holdCount} of tags that this zfs does not tell`, releaseHint)
  }
  if (others.length > 0) return refusal(`${name}: is held by ${others.join(', ')}`, releaseHint)
  const isNeeded = (tags ?? []).length > 0 || isLastStored(snapshot, ties)
  return isNeeded ? lastCommon(`${name}: is what the next backup goes on from`, tags ?? []) : undefined
}

/** Why the bookmarks that a rollback takes along are not to be destroyed. */
export function obstacleToBookmark({ name }: Bookmark): Obstacle | undefined {
  const whose = ownBookmark.exec(name)?.[1]
  if (whose === undefined) return undefined
  return lastCommon(`${name}: is what the next ${whose === 'zfsync' ? 'zfsync-send' : 'backup'} goes on from`, [])
}

const releaseHint = 'zsnap release takes a hold back'

/** A bookmark is as good a base. */
function isLastStored({ guid }: Snapshot, { lastStored, bookmarks }: Ties): boolean {
  return guid === lastStored && !bookmarks.some((each) => each.guid === guid)
}

function refusal(message: string, hint: string): Obstacle {
  return { failure: new Failure('exists', message, { hint }), canForce: false, tags: [] }
}

function lastCommon(message: string, tags: readonly string[]): Obstacle {
  const hint = '--force last-common gives it up: the next may have to be a full one'
  return { failure: new Failure('exists', message, { hint }), canForce: true, tags }
}
