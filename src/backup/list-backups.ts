import type { Store, StoredObject } from '../store/store.ts'
import type { Backup } from './backup.ts'

/** All backups of a dataset, not of those below it. */
export async function listBackups(store: Store, dataset: string): Promise<readonly Backup[]> {
  const backups: Backup[] = []
  for await (const object of store.list(`${dataset}@`)) backups.push(backupIn(object))
  return backups
}

/** Reads what z3, its forks and pput record. Old z3 wrote is_full. */
function backupIn(object: StoredObject): Backup {
  const { metadata } = object
  return {
    name: object.key,
    object,
    isFull: [metadata['isfull'], metadata['is_full']].includes('true') || isFullStream(object),
    parent: metadata['parent'],
    guid: metadata['zfs-guid'],
    fromGuid: metadata['zfs-from-guid'],
    compressor: metadata['compressor'],
    encryptor: metadata['encryptor'],
  }
}

/** As `zfs send | pput` leaves it: the stream has said what it is, and it goes on from nothing. */
function isFullStream({ metadata }: StoredObject): boolean {
  return metadata['zfs-guid'] !== undefined && metadata['zfs-from-guid'] === undefined
}
