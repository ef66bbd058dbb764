import type { Backup } from './backup.ts'

/** How backups hang together: each increment on its parent, down to a full. */
export interface Chains {
  /** By guid where both have one, else by name; undefined if it is missing. */
  parentOf(backup: Backup): Backup | undefined
  /** Why a backup cannot be restored, in z3's words; undefined if it can. */
  flawOf(backup: Backup): string | undefined
}

export function chainsOf(backups: readonly Backup[]): Chains {
  const byGuid = new Map(backups.flatMap((backup) => (backup.guid === undefined ? [] : [[backup.guid, backup]])))
  const byName = new Map(backups.map((backup) => [backup.name, backup]))
  const parentOf = ({ fromGuid, parent = '' }: Backup) => {
    const named = byName.get(parent)
    if (fromGuid === undefined) return named
    // A parent that z3 has stored has no guid to be known by.
    return byGuid.get(fromGuid) ?? (named?.guid === undefined ? named : undefined)
  }
  return { parentOf, flawOf: (backup) => flawIn(backup, parentOf) }
}

function flawIn(backup: Backup, parentOf: Chains['parentOf']): string | undefined {
  const seen = new Set<Backup>()
  for (let each = backup; !each.isFull; ) {
    if (seen.has(each)) return 'cycle detected'
    seen.add(each)
    const parent = parentOf(each)
    if (parent === undefined) return each === backup ? 'missing parent' : 'parent broken'
    each = parent
  }
  return undefined
}
