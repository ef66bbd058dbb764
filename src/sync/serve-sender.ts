import { createHash } from 'node:crypto'
import { Failure } from '../errors.ts'
import { type LockPlace, withLock } from '../stream/lock.ts'
import type { Turns } from '../stream/turns.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import { AnnouncedStream } from './announced-stream.ts'
import type { Channel } from './channel.ts'
import { confinedName } from './confined-name.ts'
import type { Inventory } from './inventory.ts'
import { listInventory } from './list-inventory.ts'
import {
  type Abilities,
  failureOf,
  parseSenderMessage,
  type ReceiveRequest,
  type ReceiverMessage,
  type SenderMessage,
  troubleOf,
} from './messages.ts'
import { receiveStream } from './receive-stream.ts'
import type { TransferCount } from './transfer-count.ts'
import { findAbilities } from './zfs-abilities.ts'

export interface ReceiverRun {
  /** Nothing outside of it is touched. */
  readonly root: string
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
  const hello = await readHello(channel).catch((error: unknown) => {
    throw explained(error, false)
  })
  const isHeard = hello.role !== 'container'
  if (isHeard) {
    channel.beginDialogue()
    await channel.greet()
  }
  const answer = (message: ReceiverMessage) => (isHeard ? channel.send(message) : Promise.resolve())
  const work = async () => {
    await answer(
      hello.role === 'all'
        ? { type: 'inventory', receiver: receiverId(run), inventory: await listInventory(run.root) }
        : { type: 'ready' },
    )
    const there = isHeard ? undefined : guidsOf(await listInventory(run.root))
    await serveRequests(channel, { ...run, there, onFailure: (failure) => run.onFailure(failure, isHeard) }, answer)
  }
  try {
    if (hello.role === 'streams') await work()
    else await withLock(`receiving into ${run.root}`, run.lock, work)
  } catch (error) {
    run.signal.throwIfAborted()
    const trouble = troubleOf(error)
    const isTold = isHeard && channel.failure === undefined && (await isDone(answer({ type: 'failed', trouble })))
    if (!isTold || !(error instanceof Failure)) throw explained(error, isHeard)
    run.onFailure(error, isHeard)
  }
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

/** Eight digits that no other replica has, of this machine or another. */
export function receiverId({ root, lock }: Pick<ReceiverRun, 'root' | 'lock'>): string {
  const [machine = ''] = lock.owner.id.split('-')
  return createHash('sha256').update(`${machine} ${root}`).digest('hex').slice(0, 8)
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

interface Serving extends Omit<ReceiverRun, 'onFailure'> {
  /** The guids of each path's snapshots, where the sender cannot know them. */
  readonly there: ReadonlyMap<string, ReadonlySet<string>> | undefined
  onFailure(failure: Failure): void
}

function guidsOf({ datasets }: Inventory): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(datasets.map(({ path, snapshots }) => [path, new Set(snapshots.map(({ guid }) => guid))]))
}

type Answer = (message: ReceiverMessage) => Promise<void>

async function serveRequests(channel: Channel, run: Serving, answer: Answer): Promise<void> {
  let abilities: Abilities | undefined
  for (;;) {
    const message = await unlessStopping(nextMessage(channel), run.stopping)
    if (message.type === 'end') {
      for (const { path, ...trouble } of message.problems) run.onFailure(failureOf(trouble))
      return await answer({ type: 'done' })
    }
    abilities ??= await findAbilities()
    if (message.type === 'abilities') await answer({ type: 'abilities', abilities })
    else await attempt(channel, message, { ...run, abilities }, answer)
  }
}

type Working = Serving & { readonly abilities: Abilities }

async function attempt(channel: Channel, message: SenderMessage, run: Working, answer: Answer): Promise<void> {
  const stream = new AnnouncedStream(channel)
  try {
    await perform(stream, message, run)
  } catch (error) {
    run.signal.throwIfAborted()
    // Without a channel, or with a sender that breaks the rules, there is no next request.
    if (channel.failure !== undefined || (error instanceof Failure && error.kind === 'protocol')) throw error
    const trouble = troubleOf(error)
    run.onFailure(failureOf(trouble))
    // At once: the sender need not go on.
    await answer({ type: 'failed', trouble })
    if (message.type === 'receive') await stream.drain()
    return
  }
  await answer({ type: 'done' })
}

async function perform(stream: AnnouncedStream, message: SenderMessage, run: Working): Promise<void> {
  if (message.type === 'receive') {
    const { abilities, signal, count } = run
    const target = confinedName(run.root, message.path)
    if (run.there?.get(message.path)?.has(message.to.guid)) {
      await stream.drain()
      return run.onSkipped(target, message)
    }
    // A sender that was cut off may still have a zfs receive here that has not noticed.
    const reception = { target, request: message, abilities, signal, count }
    const receive = () => withLock(`receiving ${target}`, run.lock, () => receiveStream(stream, reception))
    await run.turns.take(receive, run.stopping)
    run.onReceived(target, message)
  } else if (message.type === 'rename') {
    const [from, to] = [confinedName(run.root, message.from), confinedName(run.root, message.path)]
    await runZfs('rename', from, to)
  } else if (message.type === 'clear') {
    await runZfs('receive', '-A', confinedName(run.root, message.path))
  } else throw new Failure('protocol', `'${message.type}' came where a request was due`)
}

/** Rejects when the signal aborts before the message has come. */
async function unlessStopping(message: Promise<SenderMessage>, stopping: AbortSignal): Promise<SenderMessage> {
  let stop = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new Failure('retry', 'the receiver is being stopped'))
  })
  if (stopping.aborted) stop()
  stopping.addEventListener('abort', stop)
  // Nobody waits for it any more.
  message.catch(() => {})
  return await Promise.race([message, stopped]).finally(() => stopping.removeEventListener('abort', stop))
}

async function nextMessage(channel: Channel): Promise<SenderMessage> {
  return parseSenderMessage(await channel.readMessage())
}
