import { Failure } from '../errors.ts'
import { type Check, checked } from '../stream/checked-input.ts'
import { startChild } from '../stream/child.ts'
import { piecesOf } from '../stream/copy.ts'
import { programInput } from '../stream/program-input.ts'
import { expectSnapshot } from './expect-snapshot.ts'
import { type ReceiveRequest, troubleOf } from './messages.ts'
import type { ReceiverEnd } from './receiver-end.ts'

export interface StreamJob {
  readonly request: ReceiveRequest
  readonly mustBeRaw: boolean
  /** For `zfs send`. */
  readonly words: readonly string[]
  /** Look at the stream on its way, such as a rate limit. */
  readonly checks: readonly Check[]
  readonly signal: AbortSignal
}

/** Sends one stream, checked on its way. Resolves when the receiver has it, and all of it was good. */
export async function sendStream(receiver: ReceiverEnd, job: StreamJob): Promise<void> {
  const answer = receiver.answer()
  answer.catch(() => {})
  try {
    await announceAndSend(receiver, job, answer)
  } catch (error) {
    // Where nothing more can be said, the receiver may have told why.
    if (receiver.channel.failure !== undefined) await answer
    throw error
  }
}

async function announceAndSend(
  { channel, isHeard }: ReceiverEnd,
  { request, mustBeRaw, words, checks, signal }: StreamJob,
  answer: Promise<unknown>,
): Promise<void> {
  let isAnswered = false
  const end = () => (isAnswered = isHeard)
  void answer.then(end, end)
  await channel.send(request)
  const child = startChild(['zfs', 'send', ...words], { stdin: 'ignore', stdout: 'wide', stderr: 'keep', signal })
  const announced = { toGuid: request.to.guid, fromGuid: request.fromGuid, dataset: request.dataset, mustBeRaw }
  const stream = checked(programInput(child, 'unavailable'), [...expectSnapshot(announced, signal), ...checks])
  try {
    for await (const piece of piecesOf(stream)) {
      // It has failed over there: what is left of the stream is of no use.
      if (isAnswered) break
      await channel.sendData(piece)
    }
  } catch (error) {
    if (channel.failure !== undefined) throw error
    await channel.send({ type: 'abort', trouble: troubleOf(error) })
    await answer.catch(() => {})
    throw error
  } finally {
    await stream.close()
  }
  if (!isAnswered) {
    await channel.send({ type: 'complete' })
    return void (await answer)
  }
  await channel.send({ type: 'abort', trouble: givenUp })
  await answer
  throw new Failure('protocol', `the receiver claims to have @${request.to.name} before it was sent`)
}

const givenUp = troubleOf(new Failure('retry', 'the receiver had failed before'))
