import { type Calendar, openCalendar } from './calendar.ts'
import { periodOf } from './period.ts'
import { checkPolicy, periodRules, type RetentionPolicy } from './retention-policy.ts'

/** What retention is asked about: a snapshot, or a backup of one. */
export interface RetentionItem {
  readonly creation: Date
  /** Why it stays whatever the policy says, such as `held: tag`. It counts in the rules like any other. */
  readonly neededFor?: readonly string[]
}

export interface RetentionDecision<Item> {
  readonly item: Item
  readonly isKept: boolean
  /** In words, all of them: `newest`, `daily 3 of 31: 2026-11-19`, `no rule keeps it`. */
  readonly reasons: readonly string[]
}

export interface RetentionOptions {
  /** What was made later than this is left alone, and counts for nothing: a clock was wrong. */
  readonly now: Date
  /** Whose hours, days and weeks count, by IANA name; UTC if not given. */
  readonly timeZone?: string | undefined
}

/**
 * Decides for each item whether it stays, in their order. An item stays if one rule keeps it, or if it is needed, or if
 * it is the newest; of those made in the same second, the later in the list counts as the newer. A period's newest stays
 * for it; and while a rule has had fewer periods than it may keep, the oldest of all stays too, so that a history grows
 * up to its policy. What was decided once and carried out is decided the same again: nothing more goes.
 * Throws 'usage' for a policy without rules, and for an unknown time zone.
 */
export function decideRetention<Item extends RetentionItem>(
  items: readonly Item[],
  policy: RetentionPolicy,
  { now, timeZone }: RetentionOptions,
): readonly RetentionDecision<Item>[] {
  checkPolicy(policy)
  const reasons = items.map(({ neededFor = [] }) => [...neededFor])
  const times = items.map(({ creation }) => creation.getTime())
  const timeOf = (index: number) => times[index] ?? 0
  const isPast = (index: number) => timeOf(index) <= now.getTime()
  const newestFirst = [...items.keys()].filter(isPast).sort((a, b) => timeOf(b) - timeOf(a) || b - a)
  const keep: Keep = (index, reason) => reasons[index]?.push(reason)

  for (const index of items.keys()) if (!isPast(index)) keep(index, 'made in the future')
  for (const index of newestFirst.slice(0, 1)) keep(index, 'newest')
  keepLast(newestFirst, policy, keep)
  keepWithin(newestFirst, policy, timeOf, keep)
  keepPeriods(newestFirst, policy, openCalendar(timeZone), timeOf, keep)
  return items.map((item, index) => decision(item, reasons[index] ?? []))
}

/** Of items in the order in which they were made, needs the last, though a clock that was set back makes others look newer. */
export function needLast<Item extends RetentionItem>(items: readonly Item[]): readonly Item[] {
  const last = items.at(-1)
  if (last === undefined || items.every(({ creation }) => creation <= last.creation)) return items
  return items.with(-1, { ...last, neededFor: [...(last.neededFor ?? []), 'made last'] })
}

type Keep = (index: number, reason: string) => void
type TimeOf = (index: number) => number

function decision<Item>(item: Item, reasons: readonly string[]): RetentionDecision<Item> {
  return reasons.length > 0 ? { item, isKept: true, reasons } : { item, isKept: false, reasons: ['no rule keeps it'] }
}

function keepLast(newestFirst: readonly number[], { last = 0 }: RetentionPolicy, keep: Keep): void {
  for (const [place, index] of newestFirst.slice(0, last).entries()) keep(index, `last ${nth(place + 1, last)}`)
}

function keepWithin(newestFirst: readonly number[], policy: RetentionPolicy, timeOf: TimeOf, keep: Keep): void {
  const [newest] = newestFirst
  const { withinMs = 0 } = policy
  if (newest === undefined || withinMs === 0) return
  const reason = `within ${inLargestUnit(withinMs)} of the newest`
  for (const index of newestFirst) if (timeOf(newest) - timeOf(index) <= withinMs) keep(index, reason)
}

function keepPeriods(
  newestFirst: readonly number[],
  policy: RetentionPolicy,
  calendar: Calendar,
  timeOf: TimeOf,
  keep: Keep,
): void {
  for (const rule of periodRules) {
    const count = policy[rule] ?? 0
    if (count === 0) continue
    const { key, name } = periodOf(rule, calendar)
    const newestOf = newestOfEach(newestFirst, (index) => key(timeOf(index)), count)
    for (const [place, index] of newestOf.entries())
      keep(index, `${rule} ${nth(place + 1, count)}: ${name(timeOf(index))}`)
    const oldest = newestFirst.at(-1)
    if (oldest === undefined || newestOf.length >= count || newestOf.at(-1) === oldest) continue
    keep(oldest, `oldest, while ${rule} has ${nth(newestOf.length, count)}`)
  }
}

/** The first of each period, of as many periods as there may be. Where the date line moved, a day comes back later. */
function newestOfEach(newestFirst: readonly number[], keyOf: (index: number) => number, count: number): number[] {
  const seen = new Set<number>()
  const newest: number[] = []
  for (const index of newestFirst) {
    const key = keyOf(index)
    if (seen.has(key)) continue
    seen.add(key)
    newest.push(index)
    if (newest.length === count) break
  }
  return newest
}

function nth(place: number, count: number): string {
  return count === Number.POSITIVE_INFINITY ? String(place) : `${place} of ${count}`
}

function inLargestUnit(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}
