import type { Store } from '../store/store.ts'
import type { Backup } from './backup.ts'
import { type Chains, chainsOf } from './chains.ts'
import { backupIn, isBackupKey, listBelow } from './list-backups.ts'
import { objectFlaw } from './object-flaw.ts'
import { inOrderOfStoring } from './order-of-storing.ts'
import { readVerifications, type VerificationOf } from './verification.ts'

/** What a store has of some datasets, and how it hangs together. */
export interface Catalogue extends Chains {
  /** In the order in which they were stored; not those that were only looked up as parents. */
  readonly backups: readonly Backup[]
  readonly verificationOf: VerificationOf
  /** What is wrong with a backup itself, whatever it hangs on; undefined if nothing is known. */
  ownFlawOf(backup: Backup): string | undefined
}

export interface CatalogueWishes {
  /** None: all that the store has. */
  readonly datasets: readonly string[]
  /** All datasets below them too. */
  readonly isRecursive: boolean
}

/** Lists backups with their metadata. A parent elsewhere, as after a dataset was renamed, is looked up. */
export async function readCatalogue(store: Store, wishes: CatalogueWishes): Promise<Catalogue> {
  const prefixes = prefixesOf(wishes)
  const lists = await Promise.all(
    prefixes.map((prefix) => Promise.all([listBelow(store, prefix), readVerifications(store, prefix)])),
  )
  const listed = new Map(lists.flatMap(([each]) => each).map((each) => [each.name, each]))
  const found = byTime([...listed.values()])
  const verificationOf: VerificationOf = (backup) => {
    for (const [, find] of lists) {
      const found = find(backup)
      if (found !== undefined) return found
    }
    return undefined
  }
  const all = [...found, ...(await parentsElsewhere(store, found))]
  const ownFlawOf = (backup: Backup) => objectFlaw(backup) ?? lastFlaw(verificationOf(backup)?.flaw)
  const chains = chainsOf(all, ownFlawOf)
  return { backups: inOrderOfStoring(found, chains), verificationOf, ownFlawOf, ...chains }
}

function prefixesOf({ datasets, isRecursive }: CatalogueWishes): readonly string[] {
  if (datasets.length === 0) return ['']
  return datasets.flatMap((dataset) => [`${dataset}@`, ...(isRecursive ? [`${dataset}/`] : [])])
}

/** Of several with one guid, the one stored last is a parent. */
function byTime(backups: readonly Backup[]): readonly Backup[] {
  return backups.toSorted((a, b) => a.object.published.getTime() - b.object.published.getTime())
}

async function parentsElsewhere(store: Store, backups: readonly Backup[]): Promise<readonly Backup[]> {
  const tried = new Set(backups.map(({ name }) => name))
  const found: Backup[] = []
  for (let wanted = parentNames(backups, tried); wanted.length > 0; ) {
    const objects = await Promise.all(wanted.map((name) => store.describe(name)))
    const parents = objects.flatMap((object) => (object === undefined ? [] : [backupIn(object)]))
    found.push(...parents)
    wanted = parentNames(parents, tried)
  }
  return found
}

/** Those that were not looked for yet. What z3 wrote may be no name at all. */
function parentNames(backups: readonly Backup[], tried: Set<string>): readonly string[] {
  const names = new Set(backups.flatMap(({ parent, isFull }) => (isFull || parent === undefined ? [] : [parent])))
  const fresh = [...names].filter((name) => !tried.has(name) && isBackupKey(name))
  for (const name of fresh) tried.add(name)
  return fresh
}

function lastFlaw(flaw: string | undefined): string | undefined {
  return flaw === undefined ? undefined : `found bad: ${flaw}`
}
