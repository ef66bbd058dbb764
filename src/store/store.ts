import type { DigestName } from '../stream/digest.ts'
import type { Verifier } from './verifier.ts'

/** What a store knows of an object, from its own books: nothing here was computed over the bytes just now. */
export interface StoredObject {
  readonly key: string
  readonly size: number
  /** Changes whenever the bytes under the key do. */
  readonly etag: string
  /** Full-object checksums in lower-case hexadecimal, as recorded when it was published. */
  readonly checksums: Checksums
  /** Short strings; keys in lower case, of letters, digits and dashes (proxies drop underscores). */
  readonly metadata: Metadata
  readonly published: Date
  /** What the store's books say against the bytes, such as another length; absent if nothing. Opening it fails then. */
  readonly flaw?: string
}

export type Checksums = Partial<Readonly<Record<DigestName, string>>>
export type Metadata = Readonly<Record<string, string>>

export interface Part {
  /** Counted from 1. */
  readonly number: number
  /** Bytes from the object's start. */
  readonly offset: number
  readonly bytes: Uint8Array
}

/** What the writer knows of the whole object at its proven end: the store publishes nothing else. */
export interface ObjectProof {
  readonly size: number
  readonly checksums: Checksums
  /** What is known at the end, in place of what was at the beginning, where the store can still be told. */
  readonly metadata?: Metadata
}

/** An object on its way in, invisible under its key. */
export interface Upload {
  /** Bytes of parts that a resumed upload had already, and that were compared instead of stored. */
  readonly reusedBytes: number
  /**
   * Stores a part; parts come in any order and many at once, each once. Resolves only when the store's own checksum of
   * the part, or the part read back, equals the bytes given; a store may leave an only part to `publish`. The bytes are
   * the caller's again then; of a part that is shorter than `partBytes`, which is the last, only when `publish` resolves.
   */
  putPart(part: Part): Promise<void>
  /**
   * Makes the object visible under its key, at one instant, whole, with its metadata and checksums, and durable. Where
   * the upload was not to overwrite, an object that came to be meanwhile is a Failure 'exists' and stays as it is.
   * A proof that does not fit the parts is a Failure 'data'.
   */
  publish(proof: ObjectProof): Promise<StoredObject>
  /** Ends what is under way, as far as it would keep others waiting: parts fail then. */
  stop(): void
  /** Lets go of it, for others to go on with; in a store that cannot, the same as to abandon it. */
  leave(): Promise<void>
  /** Removes all traces. Both also right after a failed part or publish. */
  abandon(): Promise<void>
}

export interface UploadOptions {
  readonly metadata: Metadata
  /** Replace an object that is there. Else that is a Failure 'exists' when the upload is published. */
  readonly overwrite: boolean
}

/** An upload that some program began and did not end. */
export interface UnfinishedUpload {
  readonly key: string
  readonly id: string
  readonly storedBytes: number
  readonly lastWrite: Date
  /** Its program is known to be gone. False when that cannot be known (it ran on another machine). */
  readonly isOrphan: boolean
  /** False if another program that still writes it would be disturbed. */
  readonly mayBeResumed: boolean
}

/** An object opened for reading. It stays the same object even if another is published under its key meanwhile. */
export interface OpenObject extends StoredObject {
  /**
   * Reads `target.length` bytes from `offset` into `target`. Many at once. Fewer bytes there, or other bytes than
   * those that were opened, are a Failure 'data'.
   */
  read(offset: number, target: Uint8Array): Promise<void>
  /** Compares all its bytes with what the store recorded; undefined if it recorded nothing to compare with. */
  verifier(): Promise<Verifier | undefined>
  /**
   * Before another copy of its bytes goes: makes sure that these stay. Throws 'exists' where they lie elsewhere, and may
   * be that copy. Absent where each object that can be opened is durable, and is there itself.
   */
  keep?(): Promise<void>
  close(): Promise<void>
}

/**
 * Where objects live. Keys are paths of names between slashes (`tank/home@monday`). What is missing is undefined or
 * a Failure 'unavailable'; what the store refuses is 'permission', what it cannot do now is 'retry', a broken disk 'io'.
 */
export interface Store {
  /** As a message names an object: `file:///backup/tank/home@monday`. */
  urlOf(key: string): string
  /**
   * Like the URL of the store, but no other store has the same: the same bucket at another endpoint is another store.
   * Shows no secret.
   */
  identity(): Promise<string>
  /**
   * The size of part `number` (from 1) of an upload, in bytes. All but the last part have just this size, and none is
   * meant to be smaller than the one before.
   */
  partBytes(number: number): number
  /** How many parts or reads it suits the store to have under way. */
  readonly partsAtOnce: number
  /** How much it suits the store to give in one read, in bytes. */
  readonly readBytes: number
  /** How much memory parts on their way may take, in bytes. Two parts always may be there. */
  readonly memoryBytes: number
  /** The checksum of the whole that an object's proof must have; undefined for a store that makes one of the parts'. */
  readonly checksum: DigestName | undefined
  describe(key: string): Promise<StoredObject | undefined>
  open(key: string): Promise<OpenObject>
  /** In the order of the keys' bytes within each folder; unfinished uploads are not objects. */
  list(prefix: string): AsyncIterable<StoredObject>
  create(key: string, options: UploadOptions): Promise<Upload>
  unfinished(prefix: string): AsyncIterable<UnfinishedUpload>
  /** Goes on with an unfinished upload: a part that is there already and equal is not written again. */
  resume(upload: UnfinishedUpload, options: UploadOptions): Promise<Upload>
  /** Removes an object, or an unfinished upload. What is not there is no failure. */
  remove(target: string | UnfinishedUpload): Promise<void>
}
