import { Failure, type FailureKind } from '../errors.ts'
import { checked } from '../stream/checked-input.ts'
import { type Child, describeBadEnd, startChild } from '../stream/child.ts'
import { piecesOf } from '../stream/copy.ts'
import type { Input } from '../stream/input.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import { expectSnapshot } from './expect-snapshot.ts'
import type { Abilities, ReceiveRequest } from './messages.ts'
import type { TransferCount } from './transfer-count.ts'

export interface Reception {
  /** The dataset's whole name, confined. */
  readonly target: string
  readonly request: ReceiveRequest
  readonly abilities: Abilities
  readonly count: TransferCount
  readonly signal: AbortSignal
}

/**
 * Lets `zfs receive` have an announced stream. Its last piece is held back until the stream is checked to its end and the
 * sender has said that it is complete.
 */
export async function receiveStream(announced: Input, reception: Reception): Promise<void> {
  const { request, abilities, target, signal, count } = reception
  const checks = [...expectSnapshot({ toGuid: request.to.guid, fromGuid: request.fromGuid }, signal), count]
  const isNew = request.fromGuid === undefined
  const words = ['receive', ...receiveFlags(request, abilities), target]
  const child = startChild(['zfs', ...words], { stdin: 'pipe', stdout: 'ignore', stderr: 'keep', signal })
  try {
    await feed(child, checked(announced, checks), reception)
    if (isNew && !abilities.canSetProperties) await setAfterwards(request, target)
  } finally {
    await endEarly(child)
  }
}

/** Properties that a replica has: nobody writes into it, and it is mounted where somebody mounts it. */
function replicaProperties({ dataset }: ReceiveRequest): readonly string[] {
  return dataset === 'volume' ? ['readonly=on'] : ['readonly=on', 'canmount=noauto']
}

// What a stream could bring to act upon the receiver outside of the dataset.
const refusedProperties = ['mountpoint', 'sharenfs', 'sharesmb'] as const

function receiveFlags(request: ReceiveRequest, { canResume, canSetProperties }: Abilities): readonly string[] {
  const set = request.fromGuid === undefined ? replicaProperties(request).flatMap((each) => ['-o', each]) : []
  const refused = request.dataset === 'volume' ? [] : refusedProperties.flatMap((each) => ['-x', each])
  return [...(canResume ? ['-s'] : []), '-u', ...(canSetProperties ? [...set, ...refused] : [])]
}

async function setAfterwards(request: ReceiveRequest, target: string): Promise<void> {
  for (const property of replicaProperties(request)) await runZfs('set', property, target)
}

async function feed(child: Child, stream: Input, { request, target }: Reception): Promise<void> {
  // Its end says more than the broken pipe does.
  child.stdin.on('error', () => {})
  for await (const piece of piecesOf(stream)) {
    const isTaken = await new Promise<boolean>((resolve) => child.stdin.write(piece, (error) => resolve(!error)))
    if (!isTaken) break
  }
  child.stdin.end()
  const bad = describeBadEnd(await child.ended)
  if (bad !== undefined) throw refusal(child.stderrTail() || `zfs receive ${bad}`, `${target}@${request.to.name}`)
}

/** Without its last piece a stream is never complete; where it can, zfs keeps what it has, to go on from there. */
async function endEarly(child: Child): Promise<void> {
  child.stdin.end()
  await child.ended.catch(() => {})
}

const refusals: readonly (readonly [words: RegExp, kind: FailureKind, hint?: string])[] = [
  [/has been modified/, 'exists', 'somebody wrote into it: see zfs diff, then zfs rollback takes it back'],
  [/snapshot .* does not match|destination .* exists|already exists/, 'exists'],
  [/out of space|quota exceeded/, 'io', 'make room, and run the same command again'],
  [/is busy|being (received|sent)/, 'retry', 'run the same command again'],
  [/does not exist/, 'unavailable'],
  [/permission denied|Operation not permitted/i, 'permission'],
  [/checksum|incomplete stream|invalid stream|bad magic/, 'data', 'run the same command again'],
]

function refusal(stderr: string, snapshot: string): Failure {
  const words = stderr.replace(/\s+/g, ' ').trim()
  const [, kind = 'io', hint] = refusals.find(([pattern]) => pattern.test(words)) ?? []
  return new Failure(kind, `${snapshot}: zfs receive: ${words}`, hint === undefined ? {} : { hint })
}
