import type { Store, StoredObject } from '../store/store.ts'
import type { Backup } from './backup.ts'

/** What begins so is this program's own, and no backup. */
export const ownPrefix = '.zpipes/'

/** All backups of a dataset, not of those below it. */
export async function listBackups(store: Store, dataset: string): Promise<readonly Backup[]> {
  return listBelow(store, `${dataset}@`)
}

/** All backups in the store whose names begin so. Any other object is passed over. */
export async function listBelow(store: Store, prefix: string): Promise<readonly Backup[]> {
  const backups: Backup[] = []
  for await (const object of store.list(prefix)) if (isBackup(object.key)) backups.push(backupIn(object))
  return backups
}

/** `dataset@snapshot`: neither part is empty, and a snapshot's name has no slash. */
function isBackup(key: string): boolean {
  return !key.startsWith(ownPrefix) && /^[^@]+@[^@/]+$/.test(key)
}

/** Reads what z3, its forks and pput record. Old z3 wrote is_full, which Swift and Ceph give back as is-full. */
export function backupIn(object: StoredObject): Backup {
  const { metadata } = object
  return {
    name: object.key,
    object,
    isFull: [metadata['isfull'], metadata['is_full'], metadata['is-full']].includes('true') || isFullStream(object),
    parent: metadata['parent'],
    guid: metadata['zfs-guid'],
    fromGuid: metadata['zfs-from-guid'],
    compressor: metadata['compressor'],
    encryptor: metadata['encryptor'],
    creation: creationOf(object),
  }
}

/** As `zfs send | pput` leaves it: the stream has said what it is, and it goes on from nothing. */
function isFullStream({ metadata }: StoredObject): boolean {
  return metadata['zfs-guid'] !== undefined && metadata['zfs-from-guid'] === undefined
}

function creationOf({ metadata, published }: StoredObject): Date {
  const seconds = Number(metadata['zfs-creation'])
  return seconds > 0 ? new Date(seconds * 1000) : published
}
