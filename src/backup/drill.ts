import type { Store } from '../store/store.ts'
import type { LockPlace } from '../stream/lock.ts'
import { parseReceiveProperties } from '../zfs/receive-properties.ts'
import type { Backup } from './backup.ts'
import type { Chains } from './chains.ts'
import { withDrillPlace } from './drill-place.ts'
import { type RestoreRun, restore } from './restore.ts'

export interface DrillWishes {
  /** A dataset that is not there yet; it is made, and destroyed whatever happens. */
  readonly scratch: string
  /** The file with the key for age. */
  readonly identity: string | undefined
  readonly lock: LockPlace
}

/** Restores a backup with all that it needs, compares guids, and destroys what it has made. */
export async function drill(store: Store, { name }: Backup, wishes: DrillWishes, run: RestoreRun): Promise<void> {
  const { scratch, identity, lock } = wishes
  const properties = parseReceiveProperties([], [])
  await withDrillPlace(scratch, lock, (to) =>
    restore(store, { wanted: name, to, force: false, properties, identity, through: [] }, run),
  )
}

/** Of these, those that no other of them goes on from, the last first: to restore them is to restore all. */
export function tipsOf(backups: readonly Backup[], { parentOf }: Pick<Chains, 'parentOf'>): readonly Backup[] {
  const sources = new Set(backups.map((each) => (each.isFull ? undefined : parentOf(each))))
  return backups.filter((each) => !sources.has(each)).toReversed()
}

/** The backup and all that it goes on from. */
export function chainOf(tip: Backup, { parentOf }: Pick<Chains, 'parentOf'>): readonly Backup[] {
  const chain = new Set<Backup>()
  for (let each: Backup | undefined = tip; each !== undefined && !chain.has(each); ) {
    chain.add(each)
    each = each.isFull ? undefined : parentOf(each)
  }
  return [...chain]
}
