import type { Backup } from '../backup.ts'
import type { Chains } from '../chains.ts'
import type { SnapshotStatus } from '../dataset-status.ts'

/** A stored snapshot. */
export type StoredStatus = SnapshotStatus & { readonly backup: Backup }

/** All that hangs on one full, or on a gap. */
export interface Chain {
  /** In the order in which they were taken; one at least. */
  readonly members: readonly StoredStatus[]
  /** False where the full is missing. */
  readonly isWhole: boolean
}

/** The chains that these belong to, in the order of their first members. */
export function groupChains(stored: readonly StoredStatus[], { parentOf }: Pick<Chains, 'parentOf'>): readonly Chain[] {
  const rootOf = rootFinder(parentOf)
  const groups = new Map<Backup, StoredStatus[]>()
  for (const each of stored.toSorted((a, b) => a.creation.getTime() - b.creation.getTime())) {
    const root = rootOf(each.backup)
    const group = groups.get(root)
    if (group === undefined) groups.set(root, [each])
    else group.push(each)
  }
  return [...groups].map(([root, members]) => ({ members, isWhole: root.isFull }))
}

/** Walks each way once: chains may be long. Of a cycle, whichever was come to first is the root. */
function rootFinder(parentOf: Chains['parentOf']): (backup: Backup) => Backup {
  const known = new Map<Backup, Backup>()
  return (backup) => {
    const path = new Set<Backup>()
    let root = backup
    for (let next: Backup | undefined = backup; next !== undefined && !path.has(next); ) {
      path.add(next)
      root = known.get(next) ?? next
      next = known.has(next) || next.isFull ? undefined : parentOf(next)
    }
    for (const each of path) known.set(each, root)
    return root
  }
}
