import { Failure, type FailureKind } from '../errors.ts'
import { checked } from '../stream/checked-input.ts'
import { type Child, describeBadEnd, startChild } from '../stream/child.ts'
import { piecesOf } from '../stream/copy.ts'
import type { Input } from '../stream/input.ts'
import { propertyFlags, type ReceiveProperties } from '../zfs/receive-properties.ts'
import { rowsOf, runZfs } from '../zfs/zfs-command.ts'
import { hasLongName } from './buffer-name.ts'
import { expectSnapshot } from './expect-snapshot.ts'
import type { Abilities, ReceiveRequest } from './messages.ts'
import { newProperties, refusedProperties } from './replica-properties.ts'
import { dropChanges } from './roll-back.ts'
import type { TransferCount } from './transfer-count.ts'

export interface Reception {
  /** The dataset's whole name, confined. */
  readonly target: string
  readonly request: ReceiveRequest
  readonly abilities: Abilities
  readonly properties: ReceiveProperties
  /** Whether what was written into the dataset since its newest snapshot may be lost. */
  readonly mayRollBack: boolean
  readonly count: TransferCount
  readonly signal: AbortSignal
}

/**
 * Lets `zfs receive` have an announced stream. Its last piece is held back until the stream is checked to its end and the
 * sender has said that it is complete.
 */
export async function receiveStream(announced: Input, reception: Reception): Promise<void> {
  const { request, abilities, target, mayRollBack, signal, count } = reception
  const { to, fromGuid, dataset } = request
  let isPackage = false
  const onPackage = () => {
    isPackage = true
  }
  const checks = [...expectSnapshot({ toGuid: to.guid, fromGuid, dataset, onPackage }, signal), count]
  const words = ['receive', ...receiveFlags(reception), target]
  if (mayRollBack && fromGuid !== undefined) await dropChanges(target)
  const child = startChild(['zfs', ...words], { stdin: 'wide', stdout: 'ignore', stderr: 'keep', signal })
  try {
    await feed(child, checked(announced, checks), reception)
    if (!abilities.canSetProperties) await setAfterwards(reception)
    // Properties come with packages alone. Of an increment, OpenZFS 2.1 takes them although they are excluded.
    const isExcluded = abilities.canSetProperties && fromGuid === undefined
    if (isPackage && !isExcluded) await takeBack(reception)
  } finally {
    await endEarly(child)
  }
}

function receiveFlags(reception: Reception): readonly string[] {
  const { request, abilities, properties } = reception
  const flags = propertyFlags(valuesOf(reception), refusedProperties(request.dataset, properties))
  return [...(abilities.canResume ? ['-s'] : []), '-u', ...(abilities.canSetProperties ? flags : [])]
}

function valuesOf({ request, properties, target }: Reception): readonly string[] {
  if (request.fromGuid !== undefined) return []
  const place = hasLongName(target) ? [`zfsync:place=${request.path}`] : []
  return [...newProperties(request.dataset, properties), ...place]
}

/** Where zfs can not while it receives. */
async function setAfterwards(reception: Reception): Promise<void> {
  for (const property of valuesOf(reception)) await runZfs('set', property, reception.target)
}

/** Of a dataset that is there already, only what came with a stream: what was set here stays. */
async function takeBack({ request, properties, target }: Reception): Promise<void> {
  const names = refusedProperties(request.dataset, properties)
  if (names.length === 0) return
  const sources = request.fromGuid === undefined ? ['local', 'received'] : ['received']
  const rows = rowsOf(await runZfs('get', '-H', '-o', 'property,source', names.join(','), target))
  for (const [property = '', source = ''] of rows) {
    if (!sources.includes(source)) continue
    // ZFS inherits no limit of space.
    if (/quota|reservation/.test(property)) await runZfs('set', `${property}=none`, target)
    else await runZfs('inherit', property, target)
  }
}

async function feed(child: Child, stream: Input, { request, target }: Reception): Promise<void> {
  const isRead = await write(child, stream)
  child.stdin.end()
  const bad = describeBadEnd(await child.ended)
  const snapshot = `${target}@${request.to.name}`
  if (bad !== undefined) throw refusal(child.stderrTail() || `zfs receive ${bad}`, snapshot)
  // What it has not read was not checked either: it may be something else that is there now.
  if (!isRead) throw new Failure('data', `${snapshot}: zfs receive ended well before the stream did`)
}

/** False if it reads no more. */
async function write(child: Child, stream: Input): Promise<boolean> {
  // Its end says more than the broken pipe does.
  child.stdin.on('error', () => {})
  for await (const piece of piecesOf(stream)) {
    const isTaken = await new Promise<boolean>((resolve) => child.stdin.write(piece, (error) => resolve(!error)))
    if (!isTaken) return false
  }
  return true
}

/** Without its last piece a stream is never complete; where it can, zfs keeps what it has, to go on from there. */
async function endEarly(child: Child): Promise<void> {
  child.stdin.end()
  await child.ended.catch(() => {})
}

const otherOfThisName =
  'another snapshot has this name there: zfs rename gives it one of its own, and the same command goes on'
const inheritedKey =
  'zfs load-key there, if that is to encrypt it; if it came raw itself, one run of zfsync-recv -o encryption=off lets this one come as it was'

const refusals: readonly (readonly [words: RegExp, kind: FailureKind, hint?: string])[] = [
  [/cannot restore to .*@.*: destination already exists/, 'exists', otherOfThisName],
  [/inherited key must be loaded/, 'permission', inheritedKey],
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
