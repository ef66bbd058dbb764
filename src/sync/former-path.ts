import { parentOf, type SyncDataset } from './inventory.ts'

/**
 * The receiver's name for a dataset that was renamed on the sender: that of the only one whose newest snapshot is the
 * sender's too, if no other dataset of the sender has that name now.
 */
export function formerPath(
  source: SyncDataset,
  there: ReadonlyMap<string, SyncDataset>,
  names: ReadonlySet<string>,
  coming: ReadonlySet<string>,
): string | undefined {
  const guids = new Set(source.snapshots.map(({ guid }) => guid))
  const candidates = [...there.values()].filter(({ path, snapshots, resumeToken }) => {
    const newest = snapshots.at(-1)
    return (
      !names.has(path) && path !== '' && resumeToken === undefined && newest !== undefined && guids.has(newest.guid)
    )
  })
  const [only] = candidates
  if (only === undefined || candidates.length > 1) return undefined
  // A dataset cannot be moved below itself.
  if (`${source.path}/`.startsWith(`${only.path}/`)) return undefined
  const parent = parentOf(source.path) ?? ''
  return there.has(parent) || coming.has(parent) ? only.path : undefined
}

/** Renames a dataset in a listing. What is below moves along. */
export function moveTree(there: Map<string, SyncDataset>, from: string, to: string): void {
  for (const [path, dataset] of [...there]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue
    there.delete(path)
    const moved = to + path.slice(from.length)
    there.set(moved, { ...dataset, path: moved })
  }
}
