/**
 * What went wrong, in the words of sysexits. A room throws the kind; cli alone knows the exit status.
 *
 * usage 64 · data 65 (truncated, damaged, mismatch) · unavailable 69 (no such object, pool, program) ·
 * exists 73 (or cannot be created) · io 74 (disk) · retry 75 (work can continue) · protocol 76 ·
 * permission 77 · configuration 78 · closed 141 (the reader of our stdout went away)
 */
export type FailureKind =
  | 'usage'
  | 'data'
  | 'unavailable'
  | 'exists'
  | 'io'
  | 'retry'
  | 'protocol'
  | 'permission'
  | 'configuration'
  | 'closed'

export interface FailureDetails {
  /** What the user can do about it: one line, lower case, no period. */
  readonly hint?: string
  readonly cause?: unknown
}

/** An expected failure. The message is lower case without a period and names the thing and the values that disagree. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly hint: string | undefined

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'Failure'
    this.kind = kind
    this.hint = details.hint
  }
}
