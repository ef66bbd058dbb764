import { splitSnapshotName } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'

/** How backups hang together: each increment on its parent, down to a full. */
export interface Chains {
  /** By guid where both have one, else by name; undefined if it is missing. */
  parentOf(backup: Backup): Backup | undefined
  /** Why a backup cannot be restored, in z3's words where z3 has them; undefined if it can. */
  flawOf(backup: Backup): string | undefined
  /** The same, of one whose own bytes are good, by what is known of the others now. */
  flawBelow(backup: Backup, ownFlawOf: (below: Backup) => string | undefined): string | undefined
}

/** `ownFlawOf` says what is wrong with an object itself; whatever hangs on it is broken too. */
export function chainsOf(
  backups: readonly Backup[],
  ownFlawOf: (backup: Backup) => string | undefined = () => undefined,
): Chains {
  const byGuid = new Map(backups.flatMap((backup) => (backup.guid === undefined ? [] : [[backup.guid, backup]])))
  // Of a replica, the store may have the same snapshot; who restores a dataset looks at what there is of that.
  const inOwn = new Map(backups.map((backup) => [inDataset(backup, backup.guid), backup]))
  const byName = new Map(backups.map((backup) => [backup.name, backup]))
  const parentOf = (backup: Backup) => {
    const { fromGuid, parent = '' } = backup
    const named = byName.get(parent)
    // A parent that z3 has stored has no guid to be known by.
    if (fromGuid === undefined || named?.guid === fromGuid) return named
    const meant = inOwn.get(inDataset(backup, fromGuid)) ?? byGuid.get(fromGuid)
    return meant ?? (named?.guid === undefined ? named : undefined)
  }
  const lackOf = ({ parent = '' }: Backup) => (byName.has(parent) ? 'parent guid mismatch' : 'missing parent')
  const known = new Map<Backup, string | undefined>()
  return {
    parentOf,
    flawOf(backup) {
      if (!known.has(backup)) learn(backup, known, { parentOf, ownFlawOf, lackOf })
      return known.get(backup)
    },
    flawBelow(backup, ownFlawNow) {
      const path = new Set<Backup>()
      for (let each = backup; !each.isFull; path.add(each)) {
        const parent = parentOf(each)
        if (parent === undefined) return each === backup ? lackOf(each) : 'parent broken'
        if (path.has(parent)) return 'cycle detected'
        if (ownFlawNow(parent) !== undefined) return 'parent broken'
        each = parent
      }
      return undefined
    },
  }
}

function inDataset({ name }: Backup, guid: string | undefined): string {
  return `${splitSnapshotName(name)[0]}@${guid}`
}

interface Sources {
  parentOf(backup: Backup): Backup | undefined
  ownFlawOf(backup: Backup): string | undefined
  lackOf(backup: Backup): string
}

/** Walks down to what is known, a full or a gap, and then up again: each backup is judged once, without recursion. */
function learn(backup: Backup, known: Map<Backup, string | undefined>, sources: Sources): void {
  const path = new Set<Backup>()
  let next: Backup | undefined = backup
  while (next !== undefined && !known.has(next) && !path.has(next)) {
    path.add(next)
    next = next.isFull ? undefined : sources.parentOf(next)
  }
  const isCycle = next !== undefined && path.has(next)
  let parentFlaw = isCycle ? 'cycle detected' : next && known.get(next)
  for (const each of [...path].reverse()) {
    const flaw = sources.ownFlawOf(each) ?? flawBy(parentFlaw, each, sources)
    known.set(each, flaw)
    parentFlaw = flaw
  }
}

function flawBy(parentFlaw: string | undefined, backup: Backup, { parentOf, lackOf }: Sources): string | undefined {
  if (backup.isFull) return undefined
  if (parentOf(backup) === undefined) return lackOf(backup)
  if (parentFlaw === undefined) return undefined
  return parentFlaw === 'cycle detected' ? parentFlaw : 'parent broken'
}
