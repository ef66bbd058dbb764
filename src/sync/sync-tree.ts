import { Failure, type FailureKind } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import { type BaseBookmarks, baseBookmarks } from './base-bookmarks.ts'
import { conflictFailure } from './conflict-failure.ts'
import { inOrderOfParents, type WorkEnd } from './in-order-of-parents.ts'
import type { Inventory } from './inventory.ts'
import { type Abilities, failureOf, troubleOf } from './messages.ts'
import { type DatasetPlan, type Plan, planSync, type Step } from './plan.ts'
import { endDialogue, type Problem, type ReceiverEnd } from './receiver-end.ts'
import { sendStream } from './send-stream.ts'
import { isSending, requestFor, type Sending, sendFlags, sendWords } from './send-words.ts'
import { readToken, type TokenFacts } from './token-facts.ts'
import { TransferCount } from './transfer-count.ts'
import { findAbilities } from './zfs-abilities.ts'

export interface SyncSettings {
  /** Every snapshot since the base, or only the newest. */
  readonly allSnapshots: boolean
  /** Whether encrypted datasets are sent, raw, or refused. */
  readonly raw: 'auto' | 'never'
}

/** Compares both ends. Nothing is changed. */
export async function prepareSync(source: Inventory, target: Inventory, { allSnapshots }: SyncSettings): Promise<Plan> {
  const tokens = new Map<string, TokenFacts>()
  for (const { path, resumeToken } of target.datasets) {
    const facts = resumeToken === undefined ? undefined : await readToken(resumeToken)
    if (facts !== undefined) tokens.set(path, facts)
  }
  return planSync(source, target, { allSnapshots, tokens })
}

export interface SyncRun {
  /** The names of the trees. */
  readonly from: string
  readonly to: string
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
}

/** Brings the receiver's datasets up to date, each by itself: one that fails stops none of the others. */
export async function syncTree(plan: Plan, receiver: ReceiverEnd, asked: SyncRun): Promise<void> {
  const problems: Problem[] = []
  const kinds = new Map<string, FailureKind>()
  const run: SyncRun = {
    ...asked,
    onFailure(dataset, failure) {
      kinds.set(dataset, failure.kind)
      asked.onFailure(dataset, failure)
    },
  }
  const todo = plan.datasets.filter(({ steps, conflict }) => steps.length > 0 || conflict !== undefined)
  const opened: ReceiverEnd[] = [receiver]
  try {
    const abilities = todo.some(({ steps }) => steps.length > 0) ? await bothAbilities(receiver) : undefined
    const ways = await Promise.allSettled(
      Array.from({ length: workersFor(plan, todo, run) - 1 }, async () => opened.push(await run.openMore())),
    )
    const lack = ways.find((way) => way.status === 'rejected')
    if (lack !== undefined) run.onFewer(opened.length, lack.reason)
    const bases = baseBookmarks(run.receiverId)
    const workers = opened.map((end) => worker(end, { ...run, abilities, bases, problems }))
    const left = await inOrderOfParents(todo, workers, (given, parent) => {
      const [name, above] = [run.to + given.source.path, run.to + parent]
      const failure = new Failure(
        kinds.get(run.from + parent) ?? 'unavailable',
        `${name}: ${above} has to be there first`,
      )
      problems.push({ path: given.source.path, ...troubleOf(failure) })
      run.onFailure(run.from + given.source.path, failure)
    })
    if (left.length > 0)
      throw new Failure('retry', `no connection is left: ${left.length} of ${todo.length} datasets were not tried`)
    await Promise.all(opened.map((end) => endDialogue(end, end === receiver ? problems : [])))
  } finally {
    await Promise.all(opened.map(({ channel }) => channel.close()))
  }
}

/** A rename moves all below: what comes after it counts on that. */
function workersFor({ hasRenames }: Plan, todo: readonly DatasetPlan[], { workers }: SyncRun): number {
  return hasRenames ? 1 : Math.max(1, Math.min(workers, todo.length))
}

async function bothAbilities(receiver: ReceiverEnd) {
  const [here, there] = await Promise.all([findAbilities(), receiver.abilities()])
  return { here, there }
}

interface WorkerRun extends SyncRun {
  readonly abilities: { readonly here: Abilities; readonly there: Abilities } | undefined
  readonly bases: BaseBookmarks
  readonly problems: Problem[]
}

function worker(receiver: ReceiverEnd, run: WorkerRun) {
  return async (plan: DatasetPlan): Promise<WorkEnd> => {
    const dataset = run.from + plan.source.path
    let isAsked = false
    try {
      refuseWhatMustNot(plan, run)
      isAsked = true
      for (const step of plan.steps) await perform(step, plan, receiver, run)
      const last = plan.steps.findLast(isSending)
      if (last !== undefined) await run.bases.advance(dataset, plan.source, last.to)
      return 'done'
    } catch (error) {
      run.signal.throwIfAborted()
      const failure = error instanceof Failure ? error : failureOf(troubleOf(error))
      if (!isAsked) run.problems.push({ path: plan.source.path, ...troubleOf(failure) })
      run.onFailure(dataset, failure)
      return receiver.channel.failure === undefined ? 'failed' : 'gone'
    }
  }
}

function refuseWhatMustNot(plan: DatasetPlan, { settings, from, to }: SyncRun): void {
  if (plan.conflict !== undefined) throw conflictFailure(plan, from, to)
  if (!plan.source.isEncrypted || settings.raw === 'auto') return
  throw new Failure('permission', `${from}${plan.source.path}: is encrypted, and --raw=never forbids to send it raw`, {
    hint: 'it is never decrypted to be sent',
  })
}

async function perform(step: Step, { source }: DatasetPlan, receiver: ReceiverEnd, run: WorkerRun): Promise<void> {
  const startedMs = performance.now()
  const count = new TransferCount()
  const { path } = source
  if (isSending(step)) await send(step, source, receiver, count, run)
  else if (step.kind === 'rename') await receiver.ask({ type: 'rename', from: step.from, path })
  else await receiver.ask({ type: 'clear', path })
  run.onStep(run.from + path, step, count.doneBytes, performance.now() - startedMs)
}

async function send(
  step: Sending,
  source: DatasetPlan['source'],
  receiver: ReceiverEnd,
  count: TransferCount,
  { from, abilities, bases, checks, signal }: WorkerRun,
): Promise<void> {
  if (abilities === undefined) throw new Error('what both ends can do was not asked')
  await bases.mark(from + source.path, step.to)
  const words = sendWords(from + source.path, step, sendFlags(source, abilities.here, abilities.there))
  await sendStream(receiver, { request: requestFor(source, step), words, checks: [...checks, count], signal })
}
