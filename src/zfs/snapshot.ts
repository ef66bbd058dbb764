/** A snapshot as this machine's ZFS lists it. Ordered by `createTxg`, identified by `guid`; the name is for people. */
export interface Snapshot {
  /** dataset@snapshot */
  readonly name: string
  /** 16 hexadecimal digits, as stream headers and metadata have it: it does not fit a number. */
  readonly guid: string
  /** The transaction group that made it: in one pool, the larger is the younger. */
  readonly createTxg: number
  readonly creation: Date
  /** Bytes that its destruction alone would free. */
  readonly usedBytes: number
  /** Bytes that it refers to. */
  readonly referBytes: number
  /** Bytes written between the snapshot before it and itself. Undefined where this ZFS does not tell. */
  readonly writtenBytes: number | undefined
  /** How many holds keep it. */
  readonly holdCount: number
}

/** `tank/home@mon` in its two parts. Throws a bug's error for a name that has no `@`. */
export function splitSnapshotName(name: string): readonly [dataset: string, snapshot: string] {
  const at = name.indexOf('@')
  if (at < 0) throw new Error(`'${name}' names no snapshot`)
  return [name.slice(0, at), name.slice(at + 1)]
}
