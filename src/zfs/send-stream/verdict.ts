/** One snapshot as a BEGIN record names it. Guids are 16 hexadecimal digits: they do not fit a number. */
export interface StreamSnapshot {
  /** dataset@snapshot, as the sender knew it. */
  readonly name: string
  readonly guid: string
  /** The incremental source's guid; absent in a full stream. */
  readonly fromGuid?: string
  /** Feature flags (DMU_BACKUP_FEATURE_*), by name, lower case with dashes. */
  readonly features: readonly string[]
  /** Seconds since the epoch. */
  readonly creationTime: number
}

/** One whose guid may not have come yet. */
export type NamedSnapshot = Omit<StreamSnapshot, 'guid'> & Partial<Pick<StreamSnapshot, 'guid'>>

/** What a stream is known to be, as far as it has been read. */
export interface StreamFacts {
  /** 'simple' is one BEGIN … END; a package (-R, -I, -p, …) holds many. */
  readonly kind: 'simple' | 'package'
  /**
   * The snapshot that the first BEGIN names. A package's BEGIN has its name alone: there is no guid until the stream of
   * that name has begun; fromGuid, features and time come from its streams too.
   */
  readonly first: NamedSnapshot
  /** Substreams seen so far. */
  readonly snapshotCount: number
  readonly recordCount: number
  /** Bytes read so far, up to damage. */
  readonly byteCount: number
}

/** A ZFS stream that must not pass as good. Offsets are bytes from the input's start; records are counted from 0. */
export interface FlawedVerdict {
  readonly kind: 'truncated' | 'damaged'
  /** truncated: where the input ended. damaged: where the record that fails its check begins. */
  readonly offset: number
  readonly record: number
  /** The snapshot of the substream in which it happened, dataset@snapshot; '' before the first is known. */
  readonly snapshot: string
  /** In words for a message, e.g. `the WRITE record's checksum does not match`. */
  readonly reason: string
  /** Undefined if the first BEGIN was not read whole. */
  readonly facts: StreamFacts | undefined
}

/** The judgement over a whole input. */
export type Verdict =
  | { readonly kind: 'bytes' }
  | { readonly kind: 'complete'; readonly facts: StreamFacts }
  | FlawedVerdict
