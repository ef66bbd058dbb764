import { Failure } from '../errors.ts'
import { mostNames, runZfsOnSome } from '../zfs/zfs-command.ts'
import { parentOf, type SyncDataset } from './inventory.ts'
import type { Ledger } from './ledger.ts'
import { listSource } from './list-inventory.ts'
import { failureOf, type SenderMessage } from './messages.ts'
import type { Plan } from './plan.ts'
import type { ReceiverEnd } from './receiver-end.ts'
import type { SyncRun } from './sync-tree.ts'

/** When all is sent: what came anew replaces the old, what waits in the buffer is taken to its place, what is gone goes. */
export async function finishTree(plan: Plan, receiver: ReceiverEnd, ledger: Ledger, run: SyncRun): Promise<void> {
  // Those below first: what replaces them has no use for the buffer any more when it is their parent's turn.
  const replaced = plan.datasets.filter(({ replaces }) => replaces !== undefined).reverse()
  for (const { source } of replaced) {
    if (ledger.hasFailed(source.path)) continue
    await attempt({ type: 'swap', path: source.path }, source.path, receiver, ledger, run)
    ledger.buffered.delete(source.path)
  }
  for (const path of spare(plan, receiver, run)) {
    if (!ledger.hasFailed(path)) await attempt({ type: 'discard', path }, path, receiver, ledger, run)
  }
  if (ledger.buffered.size > 0 || run.target.buffered.length > 0) await settle(plan, receiver, ledger)
  await handleGone(plan, receiver, ledger, run)
}

/** What a run that was killed has left of those that were to be replaced, and are brought up to date where they are. */
function spare({ datasets }: Plan, { isHeard }: ReceiverEnd, { target }: SyncRun): readonly string[] {
  if (!isHeard) return []
  const inPlace = new Set(target.datasets.map(({ path }) => path))
  const kept = datasets.filter(
    ({ source, replaces, into }) => replaces === undefined && into !== 'buffer' && inPlace.has(source.path),
  )
  const guids = new Map(kept.map(({ source }) => [source.path, new Set(source.snapshots.map(({ guid }) => guid))]))
  const isSpare = ({ path, snapshots }: SyncDataset) => snapshots.every(({ guid }) => guids.get(path)?.has(guid))
  return target.buffered.filter((each) => guids.has(each.path) && isSpare(each)).map(({ path }) => path)
}

async function attempt(
  message: SenderMessage,
  path: string,
  receiver: ReceiverEnd,
  ledger: Ledger,
  run: SyncRun,
): Promise<void> {
  try {
    const how = await receiver.ask(message)
    if (how !== undefined) ledger.remark(path, how)
  } catch (error) {
    run.signal.throwIfAborted()
    if (!(error instanceof Failure) || receiver.channel.failure !== undefined) throw error
    ledger.tell(path, error, { isAsked: true })
  }
}

async function settle({ datasets }: Plan, receiver: ReceiverEnd, ledger: Ledger): Promise<void> {
  const ours = new Set(datasets.map(({ source }) => source.path))
  for (const { path, ...trouble } of await receiver.settle()) {
    if (ours.has(path) && !ledger.hasFailed(path)) ledger.tell(path, failureOf(trouble), { isAsked: true })
  }
}

/** Nothing is removed unless all that there is has arrived. */
async function handleGone(plan: Plan, receiver: ReceiverEnd, ledger: Ledger, run: SyncRun): Promise<void> {
  const { onGone } = run.policy
  const { newestGone } = plan
  if (onGone === 'keep' || plan.gone.length === 0) return
  const whyKept = await whyNothingGoes(plan, ledger, run)
  const kept = whyKept === undefined ? belowReplaced(plan) : plan.gone
  for (const path of kept) ledger.addGone(path, whyKept ?? 'kept, because what is above it was replaced')
  const gone = plan.gone.filter((path) => !kept.includes(path))
  // What is below one that is renamed goes with it; what is destroyed has nothing below.
  for (const path of onGone === 'rename' ? topmost(gone) : [...gone].reverse()) {
    const message = { type: 'gone', path, newestGuid: newestGone.get(path) ?? 'none' } as const
    ledger.addGone(path, (await askToRemove(message, receiver, run)) ?? 'asked to remove it')
  }
}

async function whyNothingGoes(plan: Plan, ledger: Ledger, { policy, from }: SyncRun): Promise<string | undefined> {
  if (policy.onGone === 'report') return 'kept'
  if (!ledger.isAllWell) return 'kept, because others failed'
  return (await isAsListed(plan, from)) ? undefined : 'kept, because the source has changed meanwhile'
}

/** Where the sender was given another tree by mistake, all that was below the root passes for gone: there is a run to see it. */
function belowReplaced({ datasets, gone }: Plan): readonly string[] {
  const replaced = datasets.filter(({ replaces }) => replaces !== undefined).map(({ source }) => source.path)
  return gone.filter((path) => replaced.some((above) => path.startsWith(`${above}/`)))
}

/** A dataset that is renamed while zfs lists the others may be listed under neither name, and would pass for gone. */
async function isAsListed({ datasets, gone }: Plan, from: string): Promise<boolean> {
  const listed = new Set(datasets.map(({ source }) => source.path))
  const now = (await listSource(from)).datasets.map(({ path }) => path)
  if (now.length !== listed.size || !now.every((path) => listed.has(path))) return false
  // zfs leaves out of a list what it cannot open; asked for by its name, it says so.
  for (let at = 0; at < gone.length; at += mostNames) {
    const names = gone.slice(at, at + mostNames).map((path) => from + path)
    if ((await runZfsOnSome('list', '-H', '-o', 'name', ...names)) !== '') return false
  }
  return true
}

/** Those that are not below another. */
function topmost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths)
  const isBelow = (path: string): boolean => {
    const above = parentOf(path)
    return above !== undefined && (all.has(above) || isBelow(above))
  }
  return paths.filter((path) => !isBelow(path))
}

async function askToRemove(
  message: Extract<SenderMessage, { type: 'gone' }>,
  receiver: ReceiverEnd,
  { signal, from, onFailure }: SyncRun,
): Promise<string | undefined> {
  try {
    return await receiver.ask(message)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Failure) || receiver.channel.failure !== undefined) throw error
    onFailure(from + message.path, error)
    return `failed: ${error.message}`
  }
}
