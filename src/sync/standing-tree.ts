import { parentOf, type SyncDataset } from './inventory.ts'

/** What a receiver has, by path and by its newest snapshot, as a plan renames it. */
export class StandingTree {
  readonly #byPath = new Map<string, SyncDataset>()
  readonly #pathsByNewest = new Map<string, Set<string>>()

  constructor(datasets: readonly SyncDataset[]) {
    for (const dataset of datasets) this.#add(dataset)
  }

  get paths(): readonly string[] {
    return [...this.#byPath.keys()]
  }

  get(path: string): SyncDataset | undefined {
    return this.#byPath.get(path)
  }

  has(path: string): boolean {
    return this.#byPath.has(path)
  }

  /** Those whose newest snapshot is one of these. */
  endingAt(points: SyncDataset['snapshots']): readonly SyncDataset[] {
    const guids = new Set(points.map(({ guid }) => guid))
    const paths = [...guids].flatMap((guid) => [...(this.#pathsByNewest.get(guid) ?? [])])
    return paths.flatMap((path) => this.#byPath.get(path) ?? [])
  }

  /** Renames a dataset. What is below moves along. */
  move(from: string, to: string): void {
    for (const [path, dataset] of [...this.#byPath]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#byPath.delete(path)
      this.#pathsByNewest.get(dataset.snapshots.at(-1)?.guid ?? '')?.delete(path)
      this.#add({ ...dataset, path: to + path.slice(from.length) })
    }
  }

  #add(dataset: SyncDataset): void {
    const { path, snapshots } = dataset
    const newest = snapshots.at(-1)?.guid
    this.#byPath.set(path, dataset)
    if (newest === undefined) return
    const paths = this.#pathsByNewest.get(newest)
    if (paths === undefined) this.#pathsByNewest.set(newest, new Set([path]))
    else paths.add(path)
  }
}

/**
 * The receiver's name for a dataset that was renamed on the sender: that of the only one whose newest snapshot the sender
 * has too, or a bookmark of it, if no other dataset of the sender has that name now, and no other replica is in it or
 * around it.
 */
export function formerPath(
  source: SyncDataset,
  there: StandingTree,
  names: ReadonlySet<string>,
  coming: ReadonlySet<string>,
): string | undefined {
  // Without a snapshot it is not touched.
  const known = source.snapshots.length === 0 ? [] : [...source.snapshots, ...source.bookmarks]
  const candidates = there
    .endingAt(known)
    .filter(
      ({ path, resumeToken, mustStay }) => !(names.has(path) || path === '' || resumeToken !== undefined || mustStay),
    )
  const [only] = candidates
  if (only === undefined || candidates.length > 1) return undefined
  // A dataset cannot be moved below itself.
  if (`${source.path}/`.startsWith(`${only.path}/`)) return undefined
  const parent = parentOf(source.path) ?? ''
  return there.has(parent) || coming.has(parent) ? only.path : undefined
}
