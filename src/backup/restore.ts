import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { shellLine } from '../stream/shell-words.ts'
import { Transfer } from '../stream/transfer.ts'
import { datasetExists } from '../zfs/list-datasets.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { propertyFlags, type ReceiveProperties } from '../zfs/receive-properties.ts'
import { splitSnapshotName } from '../zfs/snapshot.ts'
import { isBusy } from '../zfs/when-free.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import type { Backup } from './backup.ts'
import { readCatalogue } from './catalogue.ts'
import { receiveBackup, type UndoWishes, undoingOf } from './receive-backup.ts'
import { refuseOther } from './refuse-other.ts'
import { isPackage, planRestore, presentAs, type RestorePlan } from './restore-plan.ts'
import { refuseNoParent, refuseUnseen, settledTarget, settleMs, settleTries } from './restore-target.ts'
import { StreamContent } from './stream-content.ts'

export interface RestoreWishes extends UndoWishes {
  /** dataset@snapshot, as the store has it. */
  readonly wanted: string
  /** The dataset that it becomes. */
  readonly to: string
  readonly force: boolean
  /** Set with the first stream that comes; kept out of each. */
  readonly properties: ReceiveProperties
}

export interface RestoreRun {
  readonly signal: AbortSignal
  /** Before the first byte, and before anything is destroyed. */
  onPlan(prepared: PreparedRestore): void
  onStart(backup: Backup, transfer: Transfer): void
  onReceived(backup: Backup): void
}

/** One object to be fetched, and the programs that it goes through. */
export interface RestoreJob {
  readonly backup: Backup
  readonly undoing: readonly (readonly string[])[]
  /** The program for a stream that is a package, or is none. */
  receive(isPackage: boolean): readonly string[]
}

export interface PreparedRestore {
  readonly plan: RestorePlan
  readonly jobs: readonly RestoreJob[]
  /** What makes the target ready for the first of them: programs, one after the other. */
  readonly before: readonly (readonly string[])[]
  /** A receive into the target was interrupted, and what it has kept is thrown away. */
  readonly isPartial: boolean
}

/** Says what is to be done so that the target has the snapshot. Changes nothing. */
export async function prepareRestore(store: Store, wishes: RestoreWishes): Promise<PreparedRestore> {
  const { wanted, to, force } = wishes
  const [dataset] = splitSnapshotName(wanted)
  const [catalogue, { target, isPartial }] = await Promise.all([
    readCatalogue(store, { datasets: [dataset], isRecursive: false }),
    settledTarget(to),
  ])
  const plan = planRestore({ wanted, ...catalogue, target, force })
  const before =
    plan.steps.length === 0 ? [] : [...(isPartial ? [['zfs', 'receive', '-A', to]] : []), ...rollback(plan, wishes)]
  return {
    plan,
    before,
    isPartial: isPartial && before.length > 0,
    jobs: plan.steps.map((backup, index) => jobFor(backup, wishes, index === 0)),
  }
}

/** Brings a snapshot and all that it needs back into a dataset. Each that is received stays, whatever happens after it. */
export async function restore(store: Store, wishes: RestoreWishes, run: RestoreRun): Promise<void> {
  const prepared = await prepareRestore(store, wishes)
  const { jobs } = prepared
  run.onPlan(prepared)
  if (jobs.length === 0) await refuseOther(store, prepared.plan, wishes, run)
  else await refuseNoParent(wishes.to)
  const makeReady = once(() => prepareTarget(prepared, wishes.to))
  for (const [index, { backup, undoing, receive }] of jobs.entries()) {
    const transfer = new Transfer(backup.object.size)
    run.onStart(backup, transfer)
    const content = new StreamContent()
    const base = index === 0 ? prepared.plan.base : undefined
    const options = { undoing, receive, transfer, signal: run.signal, content, base, makeReady }
    // What zfs receive has refused of several may be any of them.
    const hasCome = async () => !content.isPackage && (await isPresent(backup, wishes.to))
    await whenFree(transfer, hasCome, () => receiveBackup(store, backup, options))
    if (!(await isPresent(backup, wishes.to))) throw missing(named(backup), wishes.to)
    const lack = content.isPackage ? await content.missingFrom(wishes.to) : undefined
    if (lack !== undefined) throw missing(lack, wishes.to)
    run.onReceived(backup)
  }
}

async function prepareTarget({ before, plan }: PreparedRestore, to: string): Promise<void> {
  await refuseUnseen(plan, to)
  for (const [, ...words] of before) await runZfs(...words)
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}

/** The same as lines for sh(1): pget withholds the last piece of what is damaged, so zfs receive does not complete it. */
export function restoreCommands(
  { before, jobs }: PreparedRestore,
  store: Store,
  getWords: readonly string[],
): readonly string[] {
  const lines = jobs.map(({ backup, undoing, receive }) => {
    const through = undoing.map((command) => `--through=${shellLine(command)}`)
    return `${shellLine(['pget', ...getWords, ...through, store.urlOf(backup.object.key)])} | ${shellLine(receive(isPackage(backup)))}`
  })
  return [...before.map(shellLine), ...lines]
}

// By itself zfs receive -F would do, but in zfs-fuse it leaves later snapshots where nothing has changed.
function rollback({ base, destroyed, steps }: RestorePlan, { force }: RestoreWishes): readonly (readonly string[])[] {
  if (base === undefined) return []
  if (destroyed.length > 0) return [['zfs', 'rollback', '-r', base.name]]
  return force && steps.some(isPackage) ? [['zfs', 'rollback', base.name]] : []
}

function jobFor(backup: Backup, { to, force, properties, ...undo }: RestoreWishes, isFirst: boolean): RestoreJob {
  const set = isFirst ? [...properties.set].map(([name, value]) => `${name}=${value}`) : []
  const flags = propertyFlags(set, [...properties.refused])
  const [, snapshot] = splitSnapshotName(backup.name)
  return {
    backup,
    undoing: undoingOf(backup, undo),
    receive(isOfPackage) {
      // What nobody recorded as a package was planned without a look at what is below the target.
      const isPlanned = isOfPackage === isPackage(backup)
      // With -F, an increment of a package would destroy whatever is below the target and not in the stream.
      const forced = force && isPlanned && (backup.isFull || !isOfPackage) ? ['-F'] : []
      // A package names its snapshots itself.
      return ['zfs', 'receive', '-u', ...forced, ...flags, isOfPackage ? to : `${to}@${snapshot}`]
    },
  }
}

/** Such an orphan makes a dataset busy, which zfs says before it reads more than the beginning. */
async function whenFree(
  transfer: Transfer,
  isReceived: () => Promise<boolean>,
  receive: () => Promise<void>,
): Promise<void> {
  for (let tries = 1; tries <= settleTries; tries++) {
    const failure = await refusalOf(receive)
    if (failure === undefined) return
    // The orphan may have had all of it.
    if (await isReceived()) return
    if (!isBusy(failure)) throw explained(failure)
    transfer.doneBytes = 0
    await sleep(settleMs)
  }
  throw new Failure('retry', 'another zfs receive is busy with the dataset')
}

/** What zfs receive says against it; what fails otherwise is thrown. */
async function refusalOf(receive: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await receive()
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.kind === 'io') return error
    throw error
  }
}

function explained(failure: Failure): Failure {
  if (!/has been modified/.test(failure.message)) return failure
  const hint = '--force gives up what was changed; --to names another dataset to restore to'
  return new Failure('exists', failure.message, { hint, cause: failure })
}

async function isPresent(backup: Backup, dataset: string): Promise<boolean> {
  return (await datasetExists(dataset)) && presentAs(backup, await listSnapshots(dataset)) !== undefined
}

function named({ name, guid }: Backup): string {
  return guid === undefined ? name : `${name} (guid ${guid})`
}

function missing(what: string, dataset: string): Failure {
  return new Failure('data', `${dataset}: zfs receive ended well, but ${what} is not there`)
}
