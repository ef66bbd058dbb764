import fc from 'fast-check'
import type { RetentionItem } from '../../src/snapshots/retention.ts'
import { countRules, type RetentionPolicy } from '../../src/snapshots/retention-policy.ts'

/** Where clocks are changed by an hour, by half an hour, at a minute past midnight, by a day; and where they are not. */
export const timeZones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'America/Havana',
  'Pacific/Apia',
  'Asia/Kathmandu',
] as const

const hourMs = 3_600_000

/** Near one instant as by a schedule of minutes, hours or days, and all over the decades, some at the same second. */
export const history: fc.Arbitrary<readonly RetentionItem[]> = fc
  .tuple(
    fc.date({ min: new Date('1995-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
    fc.constantFrom(60_000, hourMs, 5 * hourMs, 24 * hourMs, 20 * 24 * hourMs),
    fc.array(fc.nat(200), { maxLength: 60 }),
  )
  .map(([start, stepMs, steps]) => steps.map((step) => ({ creation: new Date(start.getTime() + step * stepMs) })))

const count = fc.oneof(fc.nat(12), fc.constant(Number.POSITIVE_INFINITY))

/** Any policy that says something. */
export const policy: fc.Arbitrary<RetentionPolicy> = fc
  .record(
    {
      ...Object.fromEntries(countRules.map((rule) => [rule, count])),
      withinMs: fc.nat(40 * 24).map((hours) => hours * hourMs),
    },
    { requiredKeys: [] },
  )
  .filter((rules) => Object.values(rules).some((value) => value > 0))

/** Items at these instants. */
export function madeAt(...instants: readonly string[]): readonly RetentionItem[] {
  return instants.map((instant) => ({ creation: new Date(instant) }))
}
