import { Failure } from '../errors.ts'
import { withLock } from '../stream/lock.ts'
import { datasetExists } from '../zfs/list-datasets.ts'
import { renameDataset } from '../zfs/rename-dataset.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import type { AnnouncedStream } from './announced-stream.ts'
import { createBuffer, discardBuffered, settleBuffer } from './buffer.ts'
import { bufferName } from './buffer-name.ts'
import { confinedName, fittingName } from './confined-name.ts'
import { moveHold } from './increment-holds.ts'
import type { Place, ReceiveRequest, ReceiverMessage, SenderMessage } from './messages.ts'
import { receiveStream } from './receive-stream.ts'
import { refuseOthers } from './refuse-others.ts'
import { removeGone } from './remove-gone.ts'
import { rollBack } from './roll-back.ts'
import type { Working } from './serve-sender.ts'
import { swapIn } from './swap-in.ts'

/** Does one thing that a sender has asked for, if the receiver's policy permits it. */
export async function performRequest(
  stream: AnnouncedStream,
  message: SenderMessage,
  run: Working,
): Promise<ReceiverMessage> {
  const { root, policy } = run
  switch (message.type) {
    case 'receive':
      await receive(stream, message, run)
      return { type: 'done' }
    case 'rename':
      await renameOnce(root, message)
      return { type: 'done' }
    case 'clear':
      await clear(nameOf(root, message))
      return { type: 'done' }
    case 'discard':
      await discard(message.path, run)
      return { type: 'done' }
    case 'rollback':
      permitted(policy.onDiverged, ['rollback'], 'rolls nothing back')
      await rollBack(confinedName(root, message.path), message)
      return { type: 'done' }
    case 'swap':
      refuseAfterFailure(run, message.path)
      return done(
        await swapIn(root, message.path, permitted(policy.onDiverged, ['rename', 'replace'], 'replaces nothing')),
      )
    case 'settle':
      return { type: 'settled', left: await settleBuffer(root) }
    case 'gone':
      refuseAfterFailure(run)
      return done(
        await removeGone(
          { root, path: message.path, newestGuid: message.newestGuid },
          permitted(policy.onGone, ['rename', 'destroy'], 'removes nothing'),
        ),
      )
    default:
      throw new Failure('protocol', `'${message.type}' came where a request was due`)
  }
}

function done(how: string | undefined): ReceiverMessage {
  return how === undefined ? { type: 'done' } : { type: 'done', how }
}

/** Streams that are read again from a file: it has its new name. */
async function renameOnce(root: string, paths: { readonly from: string; readonly path: string }): Promise<void> {
  const [from, to] = [confinedName(root, paths.from), confinedName(root, paths.path)]
  if (!(await datasetExists(from)) && (await datasetExists(to))) return
  await refuseOthers(root, paths.from)
  await renameDataset(from, to)
}

/** Throws away what an interrupted receive has kept. If streams are read again from a file, it was thrown away then. */
async function clear(name: string): Promise<void> {
  await runZfs('receive', '-A', name).catch(async (error: unknown) => {
    if (!(error instanceof Failure) || (await isUnderWay(name))) throw error
  })
}

async function isUnderWay(name: string): Promise<boolean> {
  if (!(await datasetExists(name))) return false
  return (await runZfs('get', '-H', '-o', 'value', 'receive_resume_token', name)).trim() !== '-'
}

/** What comes after it is received anew: it is not there any more, whatever was listed. */
async function discard(path: string, { root, there }: Working): Promise<void> {
  const name = bufferName(root, path)
  if (!(await datasetExists(name))) return
  await discardBuffered(name)
  there?.delete(path)
}

/** What the receiver's user wants, if it is one of these. */
function permitted<T extends string>(wanted: string, those: readonly T[], what: string): T {
  const found = those.find((each) => each === wanted)
  if (found === undefined) throw new Failure('permission', `the receiver ${what}`)
  return found
}

/**
 * What is there goes only when what comes in its place has come, or all that there is. A file of streams asks for it
 * whatever has failed here: its sender does not hear of that.
 */
function refuseAfterFailure({ root, failed }: Working, path?: string): void {
  const isComplete = path === undefined ? failed.size === 0 : !failed.has(path)
  if (isComplete) return
  const what = path === undefined ? 'nothing is removed' : `${confinedName(root, path)}: is not replaced`
  throw new Failure('retry', `${what}, because others failed`)
}

function nameOf(root: string, { path, into }: Place): string {
  return into === 'place' ? confinedName(root, path) : bufferName(root, path)
}

async function receive(stream: AnnouncedStream, request: ReceiveRequest, run: Working): Promise<void> {
  const { root, abilities, signal, count, properties, policy } = run
  const inPlace = confinedName(root, request.path)
  if (run.there?.get(request.path)?.has(request.to.guid)) {
    await stream.drain()
    return run.onSkipped(inPlace, request)
  }
  if (request.into === 'buffer' && request.path === '' && !root.includes('/'))
    throw new Failure('exists', `${root}: a pool's own dataset cannot be replaced`)
  const target = nameOf(root, request)
  const names = [request.to.name, request.fromName ?? request.to.name]
  for (const dataset of [inPlace, target]) for (const name of names) fittingName(`${dataset}@${name}`)
  if (request.into === 'buffer') await createBuffer(root)
  const mayRollBack = policy.onDiverged === 'rollback'
  const reception = { target, request, abilities, signal, count, properties, mayRollBack }
  // A sender that was cut off may still have a zfs receive here that has not noticed.
  const work = () => withLock(`receiving ${target}`, run.lock, () => receiveStream(stream, reception))
  await run.turns.take(work, run.stopping)
  // Without one that it began at, nothing else of it is held.
  if (run.holds && (run.laterHolds === undefined || request.fromName === undefined)) await moveHold(target, request)
  else run.laterHolds?.add({ target, request })
  run.onReceived(inPlace, request)
}
