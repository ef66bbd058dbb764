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
    const open = [one]
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      for (const source of sourcesOf(each, backups, parentOf)) {
        if (kept.has(source) || needed.has(source)) continue
        needed.set(source, one)
        open.push(source)
      }
    }
  }
  const going = backups.filter((each) => !kept.has(each) && !needed.has(each))
  return { removed: incrementsFirst(going, parentOf), needed }
}

/** All that it may go on from. */
function sourcesOf(backup: Backup, backups: readonly Backup[], parentOf: Chains['parentOf']): readonly Backup[] {
  if (tellsNoSource(backup)) return backups.filter((each) => each !== backup && mayBeSource(each, backup))
  const source = sourceOf(backup, parentOf)
  if (source !== undefined) return [source]
  // What it goes on from may be there, and its guid not known.
  const isUnknown = (each: Backup) => each !== backup && each.guid === undefined && mayBeSource(each, backup)
  return backup.isFull || backup.fromGuid === undefined ? [] : backups.filter(isUnknown)
}

/** Its metadata are lost, as with a damaged record: its bytes may be good, and go on from any that was taken or stored before. */
export function tellsNoSource({ isFull, parent, fromGuid }: Backup): boolean {
  return !isFull && parent === undefined && fromGuid === undefined
}

/** A store that was copied may have stored it later than it was taken, and a clock that was wrong may have taken it later. */
function mayBeSource({ name, creation, object: { published } }: Backup, of: Backup): boolean {
  const wasBefore = published <= of.object.published || creation <= of.object.published
  return wasBefore && datasetOf(name) === datasetOf(of.name)
}

function datasetOf(name: string): string {
  return name.slice(0, name.indexOf('@'))
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
