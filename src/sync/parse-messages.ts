import { Failure, type FailureKind } from '../errors.ts'
import type { Inventory, Point, SyncDataset } from './inventory.ts'
import type { Abilities, Place, Problem, ReceiveRequest, ReceiverMessage, SenderMessage, Trouble } from './messages.ts'
import { diverged, gone, type Policy } from './policy.ts'

/** Reads what a sender says. Nothing in it is believed but its form; throws 'protocol'. */
export function parseSenderMessage(text: string): SenderMessage {
  const from = fieldsOf(text)
  switch (from['type']) {
    case 'hello':
      return {
        type: 'hello',
        role: oneOf(from['role'], ['all', 'streams', 'container']),
        holdsLater: from['holdsLater'] === true,
        dryRun: from['dryRun'] === true,
      }
    case 'receive':
      return parseReceive(from)
    case 'complete':
      return { type: 'complete' }
    case 'abort':
      return { type: 'abort', trouble: parseTrouble(from['trouble']) }
    case 'rename':
      return { type: 'rename', from: textOf(from['from']), path: textOf(from['path']) }
    case 'clear':
      return { type: 'clear', ...parsePlace(from) }
    case 'rollback': {
      const { toGuid, newestGuid } = from
      return { type: 'rollback', path: textOf(from['path']), toGuid: guidOf(toGuid), newestGuid: guidOf(newestGuid) }
    }
    case 'settle':
    case 'hold':
    case 'abilities':
      return { type: from['type'] }
    case 'discard':
    case 'swap':
      return { type: from['type'], path: textOf(from['path']) }
    case 'gone':
      return { type: 'gone', path: textOf(from['path']), ...newestIn(from) }
    case 'end':
      return { type: 'end', problems: listOf(from['problems']).map(parseProblem) }
    default:
      throw notUnderstood('message', from['type'])
  }
}

function newestIn({ newestGuid }: Fields): { readonly newestGuid?: string } {
  if (newestGuid === undefined) return {}
  return { newestGuid: newestGuid === 'none' ? newestGuid : guidOf(newestGuid) }
}

/** Reads what a receiver says; throws 'protocol'. */
export function parseReceiverMessage(text: string): ReceiverMessage {
  const from = fieldsOf(text)
  switch (from['type']) {
    case 'inventory':
      return {
        type: 'inventory',
        receiver: matching(from['receiver'], /^[0-9a-f]{8}$/),
        policy: parsePolicy(from['policy']),
        inventory: parseInventory(from['inventory']),
        holdsLater: from['holdsLater'] === true,
      }
    case 'abilities':
      return { type: 'abilities', abilities: parseAbilities(from['abilities']) }
    case 'ready':
      return { type: 'ready', holdsLater: from['holdsLater'] === true }
    case 'done':
      return { type: 'done', ...(from['how'] === undefined ? {} : { how: printable(from['how']) }) }
    case 'settled':
    case 'held':
      return { type: from['type'], left: listOf(from['left']).map(parseProblem) }
    case 'failed':
      return { type: 'failed', trouble: parseTrouble(from['trouble']), ...(from['ends'] === true && { ends: true }) }
    default:
      throw notUnderstood('message', from['type'])
  }
}

const failureKinds: readonly FailureKind[] = [
  'usage',
  'data',
  'unavailable',
  'exists',
  'io',
  'retry',
  'protocol',
  'permission',
  'configuration',
]

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(text: string): Fields {
  try {
    return recordOf(JSON.parse(text))
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('protocol', 'the other side sent a message that is no JSON', { cause: error })
  }
}

function parseReceive(from: Fields): ReceiveRequest {
  const to = recordOf(from['to'])
  return {
    type: 'receive',
    ...parsePlace(from),
    dataset: oneOf(from['dataset'], ['filesystem', 'volume']),
    to: { name: snapshotOf(to['name']), guid: guidOf(to['guid']) },
    fromGuid: from['fromGuid'] === undefined ? undefined : guidOf(from['fromGuid']),
    ...(from['fromName'] === undefined ? {} : { fromName: snapshotOf(from['fromName']) }),
  }
}

function parsePlace(from: Fields): Place {
  return { path: textOf(from['path']), into: oneOf(from['into'], ['place', 'buffer']) }
}

function parsePolicy(value: unknown): Policy {
  const { onDiverged, onGone } = recordOf(value)
  return { onDiverged: oneOf(onDiverged, diverged), onGone: oneOf(onGone, gone) }
}

function parseProblem(value: unknown): Problem {
  return { ...parseTrouble(value), path: textOf(recordOf(value)['path']) }
}

function parseTrouble(value: unknown): Trouble {
  const from = recordOf(value)
  const hint = from['hint'] === undefined ? {} : { hint: printable(from['hint']) }
  return { kind: oneOf(from['kind'], failureKinds), message: printable(from['message']), ...hint }
}

function parseAbilities(value: unknown): Abilities {
  const { send, canResume, canSetProperties } = recordOf(value)
  return { send: textOf(send), canResume: canResume === true, canSetProperties: canSetProperties === true }
}

function parseInventory(value: unknown): Inventory {
  const { root, datasets, buffered } = recordOf(value)
  return {
    root: textOf(root),
    datasets: listOf(datasets).map(parseDataset),
    buffered: listOf(buffered).map(parseDataset),
  }
}

function parseDataset(value: unknown): SyncDataset {
  const from = recordOf(value)
  const token = from['resumeToken']
  return {
    path: textOf(from['path']),
    type: oneOf(from['type'], ['filesystem', 'volume']),
    isEncrypted: from['isEncrypted'] === true,
    // It becomes a word of a command line.
    ...(token === undefined ? {} : { resumeToken: matching(token, /^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$/) }),
    ...(from['mustStay'] === true ? { mustStay: true } : {}),
    snapshots: listOf(from['snapshots']).map(parsePoint),
    bookmarks: listOf(from['bookmarks']).map(parsePoint),
  }
}

function parsePoint(value: unknown): Point {
  const { name, guid, createTxg } = recordOf(value)
  if (!Number.isSafeInteger(createTxg)) throw notUnderstood('transaction group', createTxg)
  return { name: textOf(name), guid: guidOf(guid), createTxg: createTxg as number }
}

function recordOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw notUnderstood('message', value)
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw notUnderstood('list', value)
}

function textOf(value: unknown): string {
  // No name of ZFS has control characters, and a terminal would act upon them.
  return matching(value, /^[^\p{Cc}]{0,300}$/u)
}

/** What is after the `@`: it becomes part of a command line's word. */
function snapshotOf(value: unknown): string {
  return matching(value, /^[\w.: -]{1,255}$/)
}

function guidOf(value: unknown): string {
  return matching(value, /^[0-9a-f]{16}$/)
}

function matching(value: unknown, form: RegExp): string {
  if (typeof value === 'string' && form.test(value)) return value
  throw notUnderstood('word', value)
}

/** Another's words, as they may stand on our terminal. */
function printable(value: unknown): string {
  if (typeof value !== 'string') throw notUnderstood('text', value)
  return value.replace(/\p{Cc}+/gu, ' ').slice(0, 2000)
}

function oneOf<T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((each) => each === value)
  if (found === undefined) throw notUnderstood('word', value)
  return found
}

function notUnderstood(what: string, value: unknown): Failure {
  const shown = String(JSON.stringify(value)).slice(0, 60)
  return new Failure('protocol', `the other side's ${what} ${shown} is not understood`)
}
