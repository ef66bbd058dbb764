import { Failure } from '../errors.ts'
import { type LockPlace, withLock } from '../stream/lock.ts'
import { unlessAborted } from '../stream/on-abort.ts'
import type { Turns } from '../stream/turns.ts'
import type { ReceiveProperties } from '../zfs/receive-properties.ts'
import { AnnouncedStream } from './announced-stream.ts'
import { asIfReady, bufferReady } from './buffer.ts'
import type { Channel } from './channel.ts'
import type { Inventory } from './inventory.ts'
import { LaterHolds } from './later-holds.ts'
import { type Replica, toldOf } from './list-inventory.ts'
import {
  type Abilities,
  failureOf,
  type ReceiveRequest,
  type ReceiverMessage,
  type SenderMessage,
  troubleOf,
} from './messages.ts'
import { parseSenderMessage } from './parse-messages.ts'
import type { Policy } from './policy.ts'
import { keepReplicaId, newReplicaId } from './replica-id.ts'
import { sayNo } from './say-no.ts'
import type { TransferCount } from './transfer-count.ts'
import { findAbilities } from './zfs-abilities.ts'

export interface ReceiverRun {
  /** Nothing outside of it is touched. */
  readonly root: string
  readonly policy: Policy
  readonly properties: ReceiveProperties
  /** Whether each dataset's newest snapshot is held, so that nobody destroys the base of the next increment. */
  readonly holds: boolean
  readonly lock: LockPlace
  readonly count: TransferCount
  /** Stops what is being received, too. */
  readonly signal: AbortSignal
  /** When it aborts, what is being received goes on to its end, and nothing after it. */
  readonly stopping: AbortSignal
  /** How many may be received at the same time. */
  readonly turns: Turns
  onReceived(target: string, request: ReceiveRequest): void
  /** A container brings what was received before, as when it is read again after a break. */
  onSkipped(target: string, request: ReceiveRequest): void
  /** What failed here, or on the sender; and whether the sender has heard of it. */
  onFailure(failure: Failure, isHeard: boolean): void
}

/**
 * Does what a sender asks until it ends, and answers, unless it is a container: what a sender has written without an ear
 * for answers. Throws what ends the dialogue itself; what fails for one dataset is told, and the next goes on.
 */
export async function serveSender(channel: Channel, run: ReceiverRun): Promise<void> {
  const hello = await helloUnlessStopping(channel, run)
  if (hello === undefined) return
  const isHeard = hello.role !== 'container'
  if (isHeard) {
    channel.beginDialogue()
    await channel.greet()
  }
  const laterHolds = run.holds && hello.holdsLater ? new LaterHolds() : undefined
  const holdsLater = laterHolds !== undefined
  const answer = (message: ReceiverMessage) => (isHeard ? channel.send(message) : Promise.resolve())
  const work = async () => {
    const getReady = hello.dryRun ? asIfReady : bufferReady
    const replica = hello.role === 'streams' ? undefined : await getReady(run.root)
    const inventory = replica && inventoryOf(replica, run)
    if (inventory === undefined) await answer({ type: 'ready', holdsLater })
    else await answer({ ...inventory, holdsLater })
    const there = inventory && !isHeard ? guidsOf(inventory.inventory) : undefined
    const keepsId = isHeard && !hello.dryRun && replica?.keptId === undefined
    const newId = keepsId ? inventory?.receiver : undefined
    const onFailure = (failure: Failure) => run.onFailure(failure, isHeard)
    try {
      await serveRequests(channel, { ...run, there, newId, laterHolds, onFailure }, answer)
    } finally {
      // The sender may be gone, and ask no more.
      await makeHolds({ laterHolds, onFailure })
    }
  }
  try {
    if (hello.role === 'streams') await work()
    else await alone(run, work)
  } catch (error) {
    run.signal.throwIfAborted()
    const trouble = troubleOf(error)
    const isTold =
      isHeard && channel.failure === undefined && (await isDone(answer({ type: 'failed', trouble, ends: true })))
    if (!isTold || !(error instanceof Failure)) throw explained(error, isHeard)
    run.onFailure(error, isHeard)
  }
}

/**
 * Tells what is there, when what an earlier run left in the buffer has been taken to its place. Throws 'retry' while another
 * program receives there: what waits in the buffer then is its own.
 */
export async function inventoryMessage(
  run: Pick<ReceiverRun, 'root' | 'lock' | 'policy'>,
): Promise<Extract<ReceiverMessage, { type: 'inventory' }>> {
  return await alone(run, async () => inventoryOf(await bufferReady(run.root), run))
}

function alone<T>({ root, lock }: Pick<ReceiverRun, 'root' | 'lock'>, work: () => Promise<T>): Promise<T> {
  return withLock(`receiving into ${root}`, lock, work)
}

function inventoryOf(replica: Replica, { root, lock, policy }: Pick<ReceiverRun, 'root' | 'lock' | 'policy'>) {
  const receiver = replica.keptId ?? newReplicaId(root, lock)
  return { type: 'inventory', receiver, policy, inventory: toldOf(replica) } as const
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

/** Undefined if the receiver is being stopped, and the sender has been told. */
async function helloUnlessStopping(channel: Channel, run: ReceiverRun) {
  try {
    return await unlessStopping(readHello(channel), run.stopping)
  } catch (error) {
    run.signal.throwIfAborted()
    const isTold = run.stopping.aborted && (await isDone(sayNo(channel, error)))
    if (!isTold || !(error instanceof Failure)) throw explained(error, false)
    run.onFailure(error, true)
    return undefined
  }
}

async function readHello(channel: Channel) {
  if (!(await channel.readGreeting())) await channel.endedEarly()
  const hello = await nextMessage(channel)
  if (hello.type === 'hello') return hello
  throw new Failure('protocol', `'${hello.type}' came where 'hello' was due`)
}

/** A container that ends early is truncated: nothing waits at its other end. */
function explained(error: unknown, isHeard: boolean): unknown {
  if (isHeard || !(error instanceof Failure) || error.kind !== 'retry' || !/ended before/.test(error.message))
    return error
  return new Failure('data', 'the input ends before all datasets have come', {
    hint: 'what came whole is received; make the rest anew',
    cause: error,
  })
}

export interface Serving extends Omit<ReceiverRun, 'onFailure'> {
  /** The guids of each path's snapshots, where the sender cannot know them. */
  readonly there: Map<string, ReadonlySet<string>> | undefined
  /** The replica's, if its root does not keep it yet. */
  readonly newId: string | undefined
  /** Undefined: what has come is held at once. */
  readonly laterHolds: LaterHolds | undefined
  onFailure(failure: Failure): void
}

function guidsOf({ datasets, buffered }: Inventory): Map<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>()
  for (const { path, snapshots } of [...datasets, ...buffered])
    all.set(path, new Set([...(all.get(path) ?? []), ...snapshots.map(({ guid }) => guid)]))
  return all
}

type Answer = (message: ReceiverMessage) => Promise<void>

async function serveRequests(channel: Channel, run: Serving, answer: Answer): Promise<void> {
  let abilities: Abilities | undefined
  const failed = new Set<string>()
  for (;;) {
    const message = await unlessStopping(nextMessage(channel), run.stopping)
    const left = message.type === 'receive' ? [] : await makeHolds(run)
    for (const { path } of left) failed.add(path)
    if (message.type === 'end') {
      await endRequests(message, run, abilities !== undefined)
      return await answer({ type: 'done' })
    }
    if (message.type === 'hold') {
      await answer({ type: 'held', left })
      continue
    }
    abilities ??= await findAbilities()
    if (message.type === 'abilities') await answer({ type: 'abilities', abilities })
    else await attempt(channel, message, { ...run, abilities, failed }, answer)
  }
}

async function endRequests({ problems }: Extract<SenderMessage, { type: 'end' }>, run: Serving, wasAsked: boolean) {
  for (const { path, ...trouble } of problems) run.onFailure(failureOf(trouble))
  // Where nothing was asked for, nothing on the sender is marked by it.
  if (wasAsked && run.newId !== undefined) await keepReplicaId(run.root, run.newId)
}

async function makeHolds({ laterHolds, onFailure }: Pick<Serving, 'laterHolds' | 'onFailure'>) {
  await laterHolds?.make()
  const left = laterHolds?.takeProblems() ?? []
  for (const { path, ...trouble } of left) onFailure(failureOf(trouble))
  return left
}

export interface Working extends Serving {
  readonly abilities: Abilities
  /** The paths of which something could not be done, or did not come whole. */
  readonly failed: Set<string>
}

async function attempt(channel: Channel, message: SenderMessage, run: Working, answer: Answer): Promise<void> {
  // Most runs find little to do, or nothing.
  const { performRequest } = await import('./perform-request.ts')
  const stream = new AnnouncedStream(channel)
  let done: ReceiverMessage
  try {
    done = await performRequest(stream, message, run)
  } catch (error) {
    run.signal.throwIfAborted()
    // Without a channel, or with a sender that breaks the rules, there is no next request.
    if (channel.failure !== undefined || (error instanceof Failure && error.kind === 'protocol')) throw error
    const trouble = troubleOf(error)
    run.onFailure(failureOf(trouble))
    if ('path' in message && message.type !== 'gone') run.failed.add(message.path)
    // At once: the sender need not go on.
    await answer({ type: 'failed', trouble })
    if (message.type === 'receive') await stream.drain()
    return
  }
  await answer(done)
}

/** Rejects when the signal aborts before the message has come. */
async function unlessStopping<T>(message: Promise<T>, stopping: AbortSignal): Promise<T> {
  return await unlessAborted(stopping, message).catch((error: unknown) => {
    if (!stopping.aborted || error !== stopping.reason) throw error
    throw new Failure('retry', 'the receiver is being stopped', { cause: error })
  })
}

async function nextMessage(channel: Channel): Promise<SenderMessage> {
  return parseSenderMessage(await channel.readMessage())
}
