import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { listBookmarks } from '../zfs/bookmarks.ts'
import { isBeingReceived } from '../zfs/is-being-received.ts'
import { datasetExists, listDatasets } from '../zfs/list-datasets.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { resumeTokenOf } from '../zfs/resume-token.ts'
import type { Snapshot } from '../zfs/snapshot.ts'
import type { RestorePlan, RestoreTarget } from './restore-plan.ts'

// When we are killed, our zfs receive goes on to the end of its pipe; then it takes away what it has begun.
export const settleTries = 50
export const settleMs = 100
// To take away much takes long; somebody else's may go on for hours.
const mostMs = 60_000

/** The target as it is when no receive that was orphaned is about to change it. */
export async function settledTarget(dataset: string): Promise<{ target: RestoreTarget; isPartial: boolean }> {
  const settling = new Settling(dataset)
  for (;;) {
    const isSettled = await settling.hasEnded()
    const found = await lookAt(dataset)
    const { token, ...all } = found ?? { snapshots: [], bookmarks: [], below: [], token: undefined }
    const exists = found !== undefined
    const isPartial = token !== undefined
    const isEmpty = exists && all.snapshots.length === 0
    // What an interrupted receive has kept of a full is no dataset yet.
    if (!isEmpty || isPartial) return { target: { dataset, exists: !isEmpty && exists, ...all }, isPartial }
    if (isSettled) return { target: { dataset, exists, ...all }, isPartial }
    await sleep(settleMs)
  }
}

/** A receive into a dataset that may still change it. */
export class Settling {
  readonly #untilMs = performance.now() + mostMs
  readonly #dataset: string
  #looks = 0

  constructor(dataset: string) {
    this.#dataset = dataset
  }

  /** Whether what is found from now on stays. Throws 'retry' when the receive takes its time. */
  async hasEnded(): Promise<boolean> {
    this.#looks++
    if (this.#looks < settleTries) return false
    if (!(await isBeingReceived(this.#dataset))) return true
    if (performance.now() < this.#untilMs) return false
    throw new Failure('retry', `${this.#dataset}: a zfs receive into it has not ended`, {
      hint: 'ps -C zfs -f shows who it is',
    })
  }
}

/** Undefined if it is not there, or goes while it is looked at. */
async function lookAt(dataset: string) {
  if (!(await datasetExists(dataset))) return undefined
  try {
    const [snapshots, bookmarks, [, ...below], token] = await Promise.all([
      listSnapshots(dataset),
      listBookmarks(dataset),
      listDatasets(dataset),
      resumeTokenOf(dataset),
    ])
    return { snapshots, bookmarks, below, token }
  } catch (error) {
    if (await datasetExists(dataset)) throw error
    return undefined
  }
}

/** Throws 'unavailable' before anything is fetched that zfs receive would have no place for. */
export async function refuseNoParent(dataset: string): Promise<void> {
  const parent = dataset.includes('/') ? dataset.slice(0, dataset.lastIndexOf('/')) : dataset
  if (await datasetExists(parent)) return
  const isPool = !parent.includes('/')
  throw new Failure('unavailable', `${dataset}: there is no ${isPool ? 'pool' : 'dataset'} ${parent}`, {
    hint: isPool ? 'import or create it first' : `zfs create -p '${parent}' makes it`,
  })
}

/** While the store was asked and the first bytes fetched, another may have been taken: it would be destroyed unseen. */
export async function refuseUnseen({ base, destroyed }: RestorePlan, to: string): Promise<void> {
  if (base === undefined || destroyed.length === 0) return
  const told = new Set(destroyed.map(({ guid }) => guid))
  const isUnseen = ({ createTxg, guid, holdCount }: Snapshot) =>
    createTxg > base.createTxg && (!told.has(guid) || holdCount > 0)
  const unseen = (await listSnapshots(to)).find(isUnseen)
  if (unseen !== undefined) throw new Failure('retry', `${to}: ${unseen.name} has come or was held meanwhile`)
}
