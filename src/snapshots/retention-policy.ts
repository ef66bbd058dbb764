import { Failure } from '../errors.ts'

/** The rules that name a period of the calendar, the shortest first. */
export const periodRules = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

export type PeriodRule = (typeof periodRules)[number]

/** The rules that have a count, in the order in which they are told. */
export const countRules = ['last', ...periodRules] as const

export type CountRule = (typeof countRules)[number]

/**
 * What is to be kept: whatever one rule keeps stays. A count of 0 is no rule, Infinity keeps as many as there are.
 * `daily: 7` keeps the newest of each of the last 7 days that have any; the others are of the same make.
 */
export type RetentionPolicy = { readonly [rule in CountRule]?: number | undefined } & {
  /** Keeps all that were made in this time before the newest was, in milliseconds. */
  readonly withinMs?: number | undefined
}

/** Throws 'usage' for a policy without a rule, which would remove almost all, and for a number that is no count. */
export function checkPolicy(policy: RetentionPolicy): void {
  const { withinMs = 0, ...counts } = policy
  for (const rule of countRules) {
    const count = counts[rule] ?? 0
    if (count < 0 || !(Number.isSafeInteger(count) || count === Number.POSITIVE_INFINITY))
      throw new Failure('usage', `keep-${rule} ${count}: not a count`)
  }
  if (!(withinMs >= 0)) throw new Failure('usage', `keep-within ${withinMs}: not a time in milliseconds`)
  if (withinMs > 0 || countRules.some((rule) => (counts[rule] ?? 0) > 0)) return
  throw new Failure('usage', 'nothing says what to keep', { hint: "such as --keep 'last=10,daily=7,monthly=12'" })
}
