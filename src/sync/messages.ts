import { Failure, type FailureKind } from '../errors.ts'
import type { Inventory, Point, SyncDataset } from './inventory.ts'

/** What a `zfs` can do beyond the oldest. */
export interface Abilities {
  /** Letters of `zfs send`'s flags. */
  readonly send: string
  /** Whether a broken receive can be gone on with. */
  readonly canResume: boolean
  /** Whether properties can be set on receiving. */
  readonly canSetProperties: boolean
}

/** A failure in words that cross the network. */
export interface Trouble {
  readonly kind: FailureKind
  readonly message: string
  readonly hint?: string
}

/** The sender announces a stream; `data` frames and `complete` or `abort` follow. */
export interface ReceiveRequest {
  readonly type: 'receive'
  readonly path: string
  readonly dataset: SyncDataset['type']
  readonly to: { readonly name: string; readonly guid: string }
  /** Undefined: a full. */
  readonly fromGuid: string | undefined
}

export type SenderMessage =
  | { readonly type: 'hello'; readonly role: 'all' | 'streams' | 'container' }
  | ReceiveRequest
  | { readonly type: 'complete' }
  | { readonly type: 'abort'; readonly trouble: Trouble }
  | { readonly type: 'rename'; readonly from: string; readonly path: string }
  | { readonly type: 'clear'; readonly path: string }
  /** Asks what the receiver's zfs can do. */
  | { readonly type: 'abilities' }
  /** The last word, with what never became a request. */
  | { readonly type: 'end'; readonly problems: readonly (Trouble & { readonly path: string })[] }

export type ReceiverMessage =
  /** With 8 digits for this replica among all of a sender's. */
  | { readonly type: 'inventory'; readonly receiver: string; readonly inventory: Inventory }
  | { readonly type: 'abilities'; readonly abilities: Abilities }
  | { readonly type: 'ready' }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly trouble: Trouble }

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

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Failure && error.kind !== 'closed') {
    const { kind, message, hint } = error
    return { kind, message, ...(hint === undefined ? {} : { hint }) }
  }
  const isSystemError = error instanceof Error && 'syscall' in error
  const message = error instanceof Error ? error.message : String(error)
  return { kind: isSystemError ? 'io' : 'retry', message: `it failed for now: ${message}` }
}

export function failureOf({ kind, message, hint }: Trouble): Failure {
  return new Failure(kind, message, hint === undefined ? {} : { hint })
}

/** Reads what a sender says. Nothing in it is believed but its form; throws 'protocol'. */
export function parseSenderMessage(text: string): SenderMessage {
  const from = fieldsOf(text)
  switch (from['type']) {
    case 'hello':
      return { type: 'hello', role: oneOf(from['role'], ['all', 'streams', 'container']) }
    case 'receive':
      return parseReceive(from)
    case 'complete':
      return { type: 'complete' }
    case 'abort':
      return { type: 'abort', trouble: parseTrouble(from['trouble']) }
    case 'rename':
      return { type: 'rename', from: textOf(from['from']), path: textOf(from['path']) }
    case 'clear':
      return { type: 'clear', path: textOf(from['path']) }
    case 'abilities':
      return { type: 'abilities' }
    case 'end':
      return { type: 'end', problems: listOf(from['problems']).map(parseProblem) }
    default:
      throw notUnderstood('message', from['type'])
  }
}

/** Reads what a receiver says; throws 'protocol'. */
export function parseReceiverMessage(text: string): ReceiverMessage {
  const from = fieldsOf(text)
  switch (from['type']) {
    case 'inventory':
      return {
        type: 'inventory',
        receiver: matching(from['receiver'], /^[0-9a-f]{8}$/),
        inventory: parseInventory(from['inventory']),
      }
    case 'abilities':
      return { type: 'abilities', abilities: parseAbilities(from['abilities']) }
    case 'ready':
      return { type: 'ready' }
    case 'done':
      return { type: 'done' }
    case 'failed':
      return { type: 'failed', trouble: parseTrouble(from['trouble']) }
    default:
      throw notUnderstood('message', from['type'])
  }
}

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
    path: textOf(from['path']),
    dataset: oneOf(from['dataset'], ['filesystem', 'volume']),
    to: { name: textOf(to['name']), guid: guidOf(to['guid']) },
    fromGuid: from['fromGuid'] === undefined ? undefined : guidOf(from['fromGuid']),
  }
}

function parseProblem(value: unknown): Trouble & { readonly path: string } {
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
  const { root, datasets } = recordOf(value)
  return { root: textOf(root), datasets: listOf(datasets).map(parseDataset) }
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
