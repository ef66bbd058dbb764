import type { Backup } from './backup.ts'
import type { Chains } from './chains.ts'

/** When it was stored at the earliest, and how many backups of its chain were then. */
interface Place {
  readonly ms: number
  readonly depth: number
}

/**
 * The first that was stored first. An increment comes after its parent: where the clock was set back between them, what it
 * told is wrong, and in one second many may be stored.
 */
export function inOrderOfStoring(backups: readonly Backup[], { parentOf }: Pick<Chains, 'parentOf'>): Backup[] {
  const places = new Map<Backup, Place>()
  for (const backup of backups) placeChain(backup, places, parentOf)
  const placeOf = (backup: Backup) => places.get(backup) ?? { ms: 0, depth: 0 }
  return backups.toSorted((a, b) => {
    const [one, other] = [placeOf(a), placeOf(b)]
    return one.ms - other.ms || one.depth - other.depth || (a.name < b.name ? -1 : 1)
  })
}

/** Walks down to what has its place, a full or a gap, and then up again. Of a circle, somewhere. */
function placeChain(backup: Backup, places: Map<Backup, Place>, parentOf: Chains['parentOf']): void {
  const path = new Set<Backup>()
  let next: Backup | undefined = backup
  while (next !== undefined && !places.has(next) && !path.has(next)) {
    path.add(next)
    next = next.isFull ? undefined : parentOf(next)
  }
  let below = next && places.get(next)
  for (const each of [...path].reverse()) {
    const ms = each.object.published.getTime()
    below = { ms: Math.max(ms, below?.ms ?? ms), depth: below === undefined ? 0 : below.depth + 1 }
    places.set(each, below)
  }
}
