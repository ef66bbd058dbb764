import type { Backup } from '../../src/backup/backup.ts'
import type { Metadata } from '../../src/store/store.ts'
import type { Snapshot } from '../../src/zfs/snapshot.ts'

export const guidOf = (number: number) => number.toString(16).padStart(16, '0')

/** The snapshot `tank/home@sNUMBER`; its guid and transaction group are the number. */
export function snapshot(number: number, name = `tank/home@s${number}`): Snapshot {
  const bytes = { usedBytes: 0, referBytes: 1000, writtenBytes: 100 }
  const creation = new Date(number * 1000)
  return { name, guid: guidOf(number), createTxg: number, creation, holdCount: 0, ...bytes }
}

/** The backup of `snapshot(number)`, an increment to that of `parent` if one is given. */
export function backup(number: number, parent?: number, metadata: Metadata = {}): Backup {
  const name = `tank/home@s${number}`
  const published = new Date(number * 1000)
  return {
    name,
    object: { key: name, size: 10 * number, etag: '', checksums: {}, metadata, published },
    isFull: parent === undefined,
    parent: parent === undefined ? undefined : `tank/home@s${parent}`,
    guid: guidOf(number),
    fromGuid: parent === undefined ? undefined : guidOf(parent),
    compressor: undefined,
    encryptor: undefined,
    creation: published,
  }
}

/** The same as z3 writes it: names alone. */
export function z3Backup(number: number, parent?: number): Backup {
  return { ...backup(number, parent), guid: undefined, fromGuid: undefined }
}
