import type { Metadata, Store, StoredObject } from '../store/store.ts'
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
  for await (const object of store.list(prefix)) if (isBackupKey(object.key)) backups.push(backupIn(object))
  return backups
}

/**
 * `dataset@snapshot`: neither part is empty, a snapshot's name has no slash, no part of it leads elsewhere, and there is
 * nothing in it that a terminal or a file system would act upon.
 */
export function isBackupKey(key: string): boolean {
  const isOfThatForm = /^[^@\p{Cc}]+@[^@/\p{Cc}]+$/u.test(key)
  return isOfThatForm && !key.startsWith(ownPrefix) && !/(^|\/)\.{0,2}(\/|$)/.test(key)
}

/** Reads what z3, its forks and pput record. Old z3 wrote is_full, which Swift and Ceph give back as is-full. */
export function backupIn(object: StoredObject): Backup {
  const { metadata } = object
  return {
    name: object.key,
    object,
    isFull: isFullStream(object),
    parent: metadata['parent'],
    guid: guidIn(metadata),
    fromGuid: metadata['zfs-from-guid'],
    compressor: metadata['compressor'],
    encryptor: metadata['encryptor'],
    creation: creationOf(object),
  }
}

/** Zeros are what a package had in its place when its metadata were asked for. */
function guidIn({ 'zfs-guid': guid }: Metadata): string | undefined {
  return guid === '0000000000000000' ? undefined : guid
}

/** The stream has said what it is, as it passed through us; where it did not, whoever stored it. */
function isFullStream({ metadata }: StoredObject): boolean {
  if ((metadata['zfs-guid'] ?? metadata['zfs-kind']) !== undefined) return metadata['zfs-from-guid'] === undefined
  return [metadata['isfull'], metadata['is_full'], metadata['is-full']].includes('true')
}

/** No snapshot is stored before it is taken: where it says so, the clock was wrong by which it was taken. */
function creationOf({ metadata, published }: StoredObject): Date {
  const seconds = Number(metadata['zfs-creation'])
  return seconds > 0 && seconds * 1000 <= published.getTime() ? new Date(seconds * 1000) : published
}
