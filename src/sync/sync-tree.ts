import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import { Arrivals } from './arrivals.ts'
import { finishTree } from './finish-tree.ts'
import { inOrderOfParents, type Work } from './in-order-of-parents.ts'
import { incrementMarks, type Mark } from './increment-marks.ts'
import type { Inventory } from './inventory.ts'
import { Ledger, type Outcome } from './ledger.ts'
import type { Problem } from './messages.ts'
import { type DatasetPlan, type Plan, planSync, type Step } from './plan.ts'
import type { Policy } from './policy.ts'
import { endDialogue, type ReceiverEnd } from './receiver-end.ts'
import { isSending } from './send-words.ts'
import { syncDataset } from './sync-dataset.ts'
import { readToken, type TokenFacts } from './token-facts.ts'
import { findAbilities } from './zfs-abilities.ts'

export interface SyncSettings {
  /** Every snapshot since the base, or only the newest. */
  readonly allSnapshots: boolean
  /** Leave out the newest snapshots if nothing was written since the last that is sent. */
  readonly skipUnchanged: boolean
  /** Whether encrypted datasets are sent, raw, or refused. */
  readonly raw: 'auto' | 'never'
  readonly withProperties: boolean
}

/** Compares both ends. Nothing is changed. */
export async function prepareSync(
  source: Inventory,
  target: Inventory,
  { allSnapshots, skipUnchanged }: SyncSettings,
  { onDiverged }: Policy,
): Promise<Plan> {
  const tokens = new Map<string, TokenFacts>()
  for (const { resumeToken } of [...target.datasets, ...target.buffered]) {
    const facts = resumeToken === undefined ? undefined : await readToken(resumeToken)
    if (resumeToken !== undefined && facts !== undefined) tokens.set(resumeToken, facts)
  }
  return planSync(source, target, { allSnapshots, skipUnchanged, onDiverged, tokens })
}

export interface SyncRun {
  /** The name of the source's tree. */
  readonly from: string
  readonly target: Inventory
  readonly policy: Policy
  readonly settings: SyncSettings
  /** How many datasets may be sent at the same time. */
  readonly workers: number
  /** The receiver's, for bookmarks of what it has; undefined for none. */
  readonly receiverId: string | undefined
  /** Opens one more way to the receiver. */
  readonly openMore: () => Promise<ReceiverEnd>
  /** Look at every stream, such as a rate limit. */
  readonly checks: readonly Check[]
  readonly signal: AbortSignal
  /** More ways were wanted, and these alone are open. */
  onFewer(ways: number, reason: unknown): void
  onStep(dataset: string, step: Step, bytes: number, elapsedMs: number): void
  onFailure(dataset: string, failure: Failure): void
  /** Of every dataset, in the order of the tree, and of those that are gone from the source. */
  onOutcome(outcome: Outcome): void
}

/** Brings the receiver's datasets up to date, each by itself: one that fails stops none of the others. */
export async function syncTree(plan: Plan, receiver: ReceiverEnd, run: SyncRun): Promise<void> {
  const ledger = new Ledger(plan, run)
  const opened: ReceiverEnd[] = [receiver]
  try {
    const left = await sendAll(plan, opened, ledger, run)
    if (left.length > 0) throw noneLeft(left, todoOf(plan).length, ledger)
    await finishTree(plan, receiver, ledger, run)
    const problems: readonly Problem[] = ledger.problems
    await Promise.all(opened.map((end) => endDialogue(end, end === receiver ? problems : [])))
  } finally {
    for (const outcome of ledger.outcomes()) run.onOutcome(outcome)
    await Promise.all(opened.map(({ channel }) => channel.close()))
  }
}

/** Resolves to the datasets that nobody was left for. */
async function sendAll(
  plan: Plan,
  opened: ReceiverEnd[],
  ledger: Ledger,
  run: SyncRun,
): Promise<readonly DatasetPlan[]> {
  const [receiver] = opened
  const todo = todoOf(plan)
  if (receiver === undefined || todo.length === 0) return []
  const more = openWays(workersFor(plan, todo, run) - 1, opened, run)
  const marks = incrementMarks(run.receiverId)
  const [abilities] = await Promise.all([abilitiesFor(todo, receiver), marks.prepare(marksFor(todo, run))])
  const arrivals = new Arrivals({ from: run.from, marks, ledger })
  const names = namesByGuid(run.target)
  const shared = { ...run, abilities, ledger, marks, arrivals, nameOf: (guid: string) => names.get(guid) }
  const workOf =
    (end: ReceiverEnd): Work =>
    (each, isParentInPlace) =>
      syncDataset(each, isParentInPlace, end, shared)
  const workers = [workOf(receiver), ...more.map(async (way) => workOf(await way))]
  const left = await inOrderOfParents(todo, workers)
  await arrivals.settle()
  return left
}

/** Nobody waits for them: who is there begins. */
function openWays(count: number, opened: ReceiverEnd[], run: SyncRun): readonly Promise<ReceiverEnd>[] {
  const ways = Array.from({ length: count }, async () => {
    const end = await run.openMore()
    opened.push(end)
    return end
  })
  void Promise.allSettled(ways).then((all) => {
    const lack = all.find((way) => way.status === 'rejected')
    if (lack !== undefined && !run.signal.aborted) run.onFewer(opened.length, lack.reason)
  })
  return ways
}

function todoOf({ datasets }: Plan): readonly DatasetPlan[] {
  return datasets.filter(({ steps, conflict }) => steps.length > 0 || conflict !== undefined)
}

function noneLeft(left: readonly DatasetPlan[], todo: number, ledger: Ledger): Failure {
  const tried = new Failure('retry', 'no connection is left')
  for (const { source } of left) ledger.fail(source.path, tried)
  return new Failure('retry', `no connection is left: ${left.length} of ${todo} datasets were not tried`)
}

/** A rename moves all below: what comes after it counts on that. */
function workersFor({ hasRenames }: Plan, todo: readonly DatasetPlan[], { workers }: SyncRun): number {
  return hasRenames ? 1 : Math.max(1, Math.min(workers, todo.length))
}

/** What is about to be sent. */
function marksFor(todo: readonly DatasetPlan[], { from, settings }: SyncRun): readonly Mark[] {
  const sent = todo.filter(({ source }) => !source.isEncrypted || settings.raw === 'auto')
  return sent.flatMap(({ source, steps }) =>
    steps.filter(isSending).map(({ to }) => ({ dataset: from + source.path, point: to })),
  )
}

async function abilitiesFor(todo: readonly DatasetPlan[], receiver: ReceiverEnd) {
  if (todo.every(({ steps }) => steps.length === 0)) return undefined
  const [here, there] = await Promise.all([findAbilities(), receiver.abilities()])
  return { here, there }
}

function namesByGuid({ datasets, buffered }: Inventory): ReadonlyMap<string, string> {
  return new Map([...datasets, ...buffered].flatMap(({ snapshots }) => snapshots.map(({ guid, name }) => [guid, name])))
}
