import type { FailureKind } from '../errors.ts'

export interface ExitStatus {
  readonly status: number
  /** One line for help and man pages. */
  readonly meaning: string
}

/** The statuses of sysexits(3): each asks for another action of the script that called us. */
export const failureStatuses: Readonly<Record<FailureKind, ExitStatus>> = {
  usage: { status: 64, meaning: 'the command line is wrong' },
  data: { status: 65, meaning: 'the data is truncated, damaged or not what was expected: distrust it' },
  unavailable: { status: 69, meaning: 'an object, a pool, a program or a peer is not there' },
  exists: { status: 73, meaning: 'the target exists already or cannot be created' },
  io: { status: 74, meaning: 'reading or writing failed, as on a full disk' },
  retry: { status: 75, meaning: 'it failed for now: run the same command again' },
  protocol: { status: 76, meaning: 'the other side answered what we do not understand' },
  permission: { status: 77, meaning: 'permission or key refused' },
  configuration: { status: 78, meaning: 'a setting is wrong' },
  closed: { status: 141, meaning: 'the reader of the output closed it' },
}

/**
 * Of several failures, the first of these tells the status: what nobody may overlook comes before what a person has to
 * mend, and that before what mends itself.
 */
export const worstFirst: readonly FailureKind[] = [
  'data',
  'protocol',
  'configuration',
  'usage',
  'permission',
  'io',
  'exists',
  'unavailable',
  'retry',
  'closed',
]

/** What a check of others' health found. It is no failure of the check. */
export type CheckResult = 'ok' | 'warning' | 'critical' | 'unknown'

/** The statuses of monitoring plugins (Nagios, Icinga). */
export const checkStatuses: Readonly<Record<CheckResult, number>> = { ok: 0, warning: 1, critical: 2, unknown: 3 }

export const bugStatus: ExitStatus = { status: 70, meaning: 'a bug in this program: the stack is printed' }

/** All that a man page lists, in order. */
export const exitStatuses: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'done, and verified'],
  ...[...Object.values(failureStatuses), bugStatus]
    .sort((a, b) => a.status - b.status)
    .map(({ status, meaning }) => [String(status), meaning] as const),
  ['128+n', 'ended by signal n'],
]
