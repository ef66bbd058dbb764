import type { StoredObject } from '../store/store.ts'

/** A snapshot in the store: one object, by its key and its metadata. */
export interface Backup {
  /** dataset@snapshot, by the object's key. */
  readonly name: string
  readonly object: StoredObject
  readonly isFull: boolean
  /** The incremental source, dataset@snapshot; undefined for a full, and where the metadata names none. */
  readonly parent: string | undefined
  /** 16 hexadecimal digits; undefined where none was recorded, as z3 does. */
  readonly guid: string | undefined
  readonly fromGuid: string | undefined
  /** How the object's bytes are to be decompressed, and decrypted before that; undefined: not at all. */
  readonly compressor: string | undefined
  readonly encryptor: string | undefined
  /** When the snapshot was taken; when it was stored, where that was not recorded or cannot be. */
  readonly creation: Date
}
