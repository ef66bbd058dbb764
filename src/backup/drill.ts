import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { datasetExists } from '../zfs/list-datasets.ts'
import { parseReceiveProperties } from '../zfs/receive-properties.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import type { Backup } from './backup.ts'
import type { Chains } from './chains.ts'
import { type RestoreRun, restore } from './restore.ts'

export interface DrillWishes {
  /** A dataset that is not there yet; it is made, and destroyed whatever happens. */
  readonly scratch: string
  /** The file with the key for age. */
  readonly identity: string | undefined
}

/** Restores a backup with all that it needs, compares guids, and destroys what it has made. */
export async function drill(store: Store, { name }: Backup, wishes: DrillWishes, run: RestoreRun): Promise<void> {
  const { scratch, identity } = wishes
  if (await datasetExists(scratch)) throw existsAlready(scratch)
  // Another program may make a dataset of this name right now: only what zfs receive has made for us is ours to destroy.
  let isOurs = false
  const drillRun: RestoreRun = {
    ...run,
    onPlan(prepared) {
      if (prepared.plan.base !== undefined) throw existsAlready(scratch)
      run.onPlan(prepared)
    },
    onCome(isByUs) {
      isOurs ||= isByUs
      if (!isOurs) throw existsAlready(scratch)
    },
  }
  try {
    const properties = parseReceiveProperties([], [])
    await restore(store, { wanted: name, to: scratch, force: false, properties, identity, through: [] }, drillRun)
  } finally {
    if (isOurs) await destroyScratch(scratch)
  }
}

function existsAlready(scratch: string): Failure {
  return new Failure('exists', `${scratch}: exists, and a drill destroys what it restores to`, {
    hint: 'name a dataset that is not there yet',
  })
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

// What was received is busy for a moment after it in zfs-fuse.
const tries = 5
const pauseMs = 500

async function destroyScratch(scratch: string): Promise<void> {
  await runZfs('receive', '-A', scratch).catch(() => {})
  for (let attempt = 1; await datasetExists(scratch); attempt++) {
    try {
      await runZfs('destroy', '-r', scratch)
    } catch (error) {
      if (attempt === tries) throw error
      await sleep(pauseMs)
    }
  }
}
