import type { Backup } from './backup.ts'
import type { Chains } from './chains.ts'

export interface PrunePlan {
  /** What may go, each before the backup that it goes on from: wherever this ends, nothing that is left lacks its parent. */
  readonly removed: readonly Backup[]
  /** What no rule keeps, and what stays all the same, with one of those that need it. */
  readonly needed: ReadonlyMap<Backup, Backup>
}

/** Of all backups in a store, removes those that are not kept and that nothing kept goes on from, however far below. */
export function planPrune(
  backups: readonly Backup[],
  { parentOf }: Pick<Chains, 'parentOf'>,
  isKept: (backup: Backup) => boolean,
): PrunePlan {
  const kept = new Set(backups.filter(isKept))
  const needed = new Map<Backup, Backup>()
  for (const one of kept) {
    const seen = (each: Backup) => kept.has(each) || needed.has(each)
    for (let each = sourceOf(one, parentOf); each !== undefined && !seen(each); each = sourceOf(each, parentOf)) {
      needed.set(each, one)
    }
  }
  const going = backups.filter((each) => !kept.has(each) && !needed.has(each))
  return { removed: incrementsFirst(going, parentOf), needed }
}

function sourceOf(backup: Backup, parentOf: Chains['parentOf']): Backup | undefined {
  return backup.isFull ? undefined : parentOf(backup)
}

/** Those of a circle, which nobody can restore, come last. */
function incrementsFirst(going: readonly Backup[], parentOf: Chains['parentOf']): readonly Backup[] {
  const increments = new Map(going.map((each) => [each, 0]))
  const count = (source: Backup | undefined, change: number) => {
    const before = source && increments.get(source)
    if (source !== undefined && before !== undefined) increments.set(source, before + change)
  }
  for (const each of going) count(sourceOf(each, parentOf), 1)
  const order = new Set<Backup>()
  for (const first of going.toReversed()) {
    for (let each: Backup | undefined = first; each !== undefined && increments.get(each) === 0; ) {
      if (order.has(each)) break
      order.add(each)
      each = sourceOf(each, parentOf)
      count(each, -1)
    }
  }
  return [...order, ...going.filter((each) => !order.has(each))]
}
