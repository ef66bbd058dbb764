/** A snapshot, or the bookmark that is left of one: what an increment can begin at. */
export interface Point {
  /** What is after the `@` or the `#`. */
  readonly name: string
  /** 16 hexadecimal digits, as stream headers have it. */
  readonly guid: string
  /** The transaction group that made it: in one pool, the larger is the younger. */
  readonly createTxg: number
  /** Of a snapshot: what was written since the one before it, where it was asked for and ZFS tells. */
  readonly writtenBytes?: number
  /** Of the source's own, where ZFS has no bookmarks. */
  readonly holdCount?: number
}

/** What is known of one dataset of a tree. */
export interface SyncDataset {
  /** Below the tree's root: '' for the root itself, else '/child/grandchild'. */
  readonly path: string
  readonly type: 'filesystem' | 'volume'
  readonly isEncrypted: boolean
  /** Of a receive that was interrupted and can be gone on with. */
  readonly resumeToken?: string
  /** Of a receiver's: it keeps its name, since it is the root of another replica, or above or below one. */
  readonly mustStay?: true
  /** The oldest first. */
  readonly snapshots: readonly Point[]
  readonly bookmarks: readonly Point[]
}

/** A tree of datasets, parents before their children. */
export interface Inventory {
  readonly root: string
  /** None if the root is not there. */
  readonly datasets: readonly SyncDataset[]
  /** Of a replica: what was received, or begun, and is not in its place yet. */
  readonly buffered: readonly SyncDataset[]
}

/** The path of a dataset's parent; undefined for the root. */
export function parentOf(path: string): string | undefined {
  return path === '' ? undefined : path.slice(0, path.lastIndexOf('/'))
}

/** Parents before children, and a dataset's children together. */
export function inTreeOrder<T extends { readonly path: string }>(datasets: readonly T[]): readonly T[] {
  const keyed = datasets.map((dataset) => [dataset.path.replaceAll('/', '\0'), dataset] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, dataset]) => dataset)
}
