/** What a receiver does with a dataset that cannot be brought up to date without losing something. */
export type OnDiverged = (typeof diverged)[number]
/** What a receiver does with a dataset that the source has no more. */
export type OnGone = (typeof gone)[number]

export const diverged = ['refuse', 'rename', 'rollback', 'replace'] as const
export const gone = ['keep', 'report', 'rename', 'destroy'] as const

/** The receiver's own: its sender learns it, and each request is checked against it. */
export interface Policy {
  readonly onDiverged: OnDiverged
  readonly onGone: OnGone
}
