import { Failure } from '../errors.ts'
import type { Arrivals } from './arrivals.ts'
import { conflictFailure } from './conflict-failure.ts'
import type { WorkEnd } from './in-order-of-parents.ts'
import type { IncrementMarks } from './increment-marks.ts'
import { parentOf } from './inventory.ts'
import type { Ledger } from './ledger.ts'
import { type Abilities, failureOf, type ReceiveRequest, troubleOf } from './messages.ts'
import type { DatasetPlan, Step } from './plan.ts'
import type { ReceiverEnd } from './receiver-end.ts'
import { sendStream } from './send-stream.ts'
import { isSending, requestFor, type Sending, sendFlags, sendWords } from './send-words.ts'
import type { SyncRun } from './sync-tree.ts'
import { TransferCount } from './transfer-count.ts'

/** What all workers of a run share. */
export interface Shared extends SyncRun {
  readonly abilities: { readonly here: Abilities; readonly there: Abilities } | undefined
  readonly marks: IncrementMarks
  readonly arrivals: Arrivals
  readonly ledger: Ledger
  /** The receiver's name of its snapshot with a guid. */
  nameOf(guid: string): string | undefined
}

/** Brings one dataset up to date: in its place, or in the buffer while the one above is still to come. */
export async function syncDataset(
  plan: DatasetPlan,
  isParentInPlace: boolean,
  receiver: ReceiverEnd,
  run: Shared,
): Promise<WorkEnd> {
  const { path } = plan.source
  let isAsked = false
  try {
    refuseWhatMustNot(plan, isParentInPlace, run)
    isAsked = true
    const isFull = plan.steps.find(isSending)?.kind === 'full'
    const into = isFull && !isParentInPlace ? 'buffer' : plan.into
    for (const step of plan.steps) await perform(step, plan, into, receiver, run)
    const last = plan.steps.findLast(isSending)
    if (into === 'buffer') run.ledger.buffered.add(path)
    if (last !== undefined) await run.arrivals.add(receiver, { source: plan.source, point: last.to })
    return 'done'
  } catch (error) {
    run.signal.throwIfAborted()
    run.ledger.tell(path, error instanceof Failure ? error : failureOf(troubleOf(error)), { isAsked })
    return receiver.channel.failure === undefined ? 'failed' : 'gone'
  }
}

function refuseWhatMustNot(plan: DatasetPlan, isParentInPlace: boolean, { settings, from, target }: Shared): void {
  const { source, conflict, steps } = plan
  if (conflict !== undefined) throw conflictFailure(plan, from, target.root)
  if (steps[0]?.kind === 'rename' && !isParentInPlace) {
    const [its, above] = [target.root + source.path, target.root + parentOf(source.path)]
    throw new Failure('unavailable', `${its}: ${above} has to be there, for ${steps[0].from} to be renamed so`)
  }
  if (!source.isEncrypted || settings.raw === 'auto') return
  throw new Failure('permission', `${from}${source.path}: is encrypted, and --raw=never forbids to send it raw`, {
    hint: 'it is never decrypted to be sent',
  })
}

async function perform(
  step: Step,
  { source }: DatasetPlan,
  into: ReceiveRequest['into'],
  receiver: ReceiverEnd,
  run: Shared,
): Promise<void> {
  const startedMs = performance.now()
  const count = new TransferCount()
  const { path } = source
  if (isSending(step)) await send(step, source, into, receiver, count, run)
  else await receiver.ask(requestOf(step, path, into))
  const elapsedMs = performance.now() - startedMs
  run.ledger.add(path, step, count.doneBytes, elapsedMs)
  run.onStep(run.from + path, step, count.doneBytes, elapsedMs)
}

function requestOf(step: Exclude<Step, Sending>, path: string, into: ReceiveRequest['into']) {
  switch (step.kind) {
    case 'rename':
      return { type: 'rename', from: step.from, path } as const
    case 'rollback':
      return { type: 'rollback', path, toGuid: step.to.guid, newestGuid: step.newest.guid } as const
    default:
      return { type: step.kind, path, into } as const
  }
}

async function send(
  step: Sending,
  source: DatasetPlan['source'],
  into: ReceiveRequest['into'],
  receiver: ReceiverEnd,
  count: TransferCount,
  { from, settings, abilities, marks, checks, signal, nameOf }: Shared,
): Promise<void> {
  if (abilities === undefined) throw new Error('what both ends can do was not asked')
  const own = (guid: string) => source.snapshots.find((each) => each.guid === guid)?.name
  const request = requestFor(source, step, into, (guid) => nameOf(guid) ?? own(guid))
  await marks.mark({ dataset: from + source.path, point: step.to })
  const flags = sendFlags(source, abilities.here, abilities.there, settings)
  const words = sendWords(from + source.path, step, flags)
  const mustBeRaw = source.isEncrypted
  await sendStream(receiver, { request, mustBeRaw, words, checks: [...checks, count], signal })
}
