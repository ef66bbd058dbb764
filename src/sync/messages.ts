import { Failure, type FailureKind } from '../errors.ts'
import type { Inventory, SyncDataset } from './inventory.ts'
import type { Policy } from './policy.ts'

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

/** One of a dataset. */
export interface Problem extends Trouble {
  readonly path: string
}

/** The sender announces a stream; `data` frames and `complete` or `abort` follow. */
export interface ReceiveRequest {
  readonly type: 'receive'
  readonly path: string
  readonly dataset: SyncDataset['type']
  readonly to: { readonly name: string; readonly guid: string }
  /** Undefined: a full. */
  readonly fromGuid: string | undefined
  /** The receiver's name of the snapshot with that guid. */
  readonly fromName?: string
  readonly into: 'place' | 'buffer'
}

/** For what is known by a path, in the tree or in the buffer. */
export interface Place {
  readonly path: string
  readonly into: 'place' | 'buffer'
}

export type SenderMessage =
  /** `holdsLater`: it will ask for holds. `dryRun`: nothing shall change. */
  | {
      readonly type: 'hello'
      readonly role: 'all' | 'streams' | 'container'
      readonly holdsLater?: boolean
      readonly dryRun?: boolean
    }
  | ReceiveRequest
  | { readonly type: 'complete' }
  | { readonly type: 'abort'; readonly trouble: Trouble }
  | { readonly type: 'rename'; readonly from: string; readonly path: string }
  | ({ readonly type: 'clear' } & Place)
  | { readonly type: 'discard'; readonly path: string }
  /** To the snapshot with this guid, if that is the newest. */
  | { readonly type: 'rollback'; readonly path: string; readonly toGuid: string; readonly newestGuid: string }
  /** What has come into the buffer takes the place of what is there. */
  | { readonly type: 'swap'; readonly path: string }
  /** What can be taken from the buffer to its place is. */
  | { readonly type: 'settle' }
  /** The source has it no more. It may go if this is its newest snapshot still; a sender of the past does not say. */
  | { readonly type: 'gone'; readonly path: string; readonly newestGuid?: string | 'none' }
  /** What has come is to be held, before the marks of what it began at are given up. */
  | { readonly type: 'hold' }
  /** Asks what the receiver's zfs can do. */
  | { readonly type: 'abilities' }
  /** The last word, with what never became a request. */
  | { readonly type: 'end'; readonly problems: readonly Problem[] }

export type ReceiverMessage =
  /** With 8 digits for this replica among all of a sender's. */
  | {
      readonly type: 'inventory'
      readonly receiver: string
      readonly policy: Policy
      readonly inventory: Inventory
      /** Whether it waits to be asked for holds; a receiver of the past holds at once. */
      readonly holdsLater?: boolean
    }
  | { readonly type: 'abilities'; readonly abilities: Abilities }
  | { readonly type: 'ready'; readonly holdsLater?: boolean }
  /** Perhaps with words on how. */
  | { readonly type: 'done'; readonly how?: string }
  /** What could not be taken from the buffer to its place. */
  | { readonly type: 'settled'; readonly left: readonly Problem[] }
  /** What could not be held. */
  | { readonly type: 'held'; readonly left: readonly Problem[] }
  /** With `ends`, the receiver does no more for this sender; one of the past does not say. */
  | { readonly type: 'failed'; readonly trouble: Trouble; readonly ends?: boolean }

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
