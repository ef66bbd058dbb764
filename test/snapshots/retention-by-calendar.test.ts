import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideRetention } from '../../src/snapshots/retention.ts'
import { periodRules } from '../../src/snapshots/retention-policy.ts'
import { history, madeAt, timeZones } from './history.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]
const now = new Date('2100-01-01')

/** Every so often from one instant to before another. */
function every(stepMs: number, from: string, to: string) {
  const [start, end] = [Date.parse(from), Date.parse(to)]
  return Array.from({ length: Math.ceil((end - start) / stepMs) }, (_, index) => ({
    creation: new Date(start + index * stepMs),
  }))
}

function keptTimes(items: readonly { creation: Date }[], rules: object, timeZone = 'UTC'): readonly string[] {
  return decideRetention(items, rules, { now, timeZone })
    .filter(({ isKept }) => isKept)
    .map(({ item }) => item.creation.toISOString().slice(0, 16))
}

/** Of this process: other work on the machine does not count. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** What Intl says of each item, one by one: the slow way, by names instead of numbers. */
function namedPeriod(rule: (typeof periodRules)[number], timeZone: string, instant: Date): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-CA', { timeZone, ...options }).format(instant)
  const year = format({ year: 'numeric' })
  const day = format({ year: 'numeric', month: '2-digit', day: '2-digit' })
  if (rule === 'yearly') return year
  if (rule === 'monthly') return day.slice(0, 7)
  if (rule === 'daily') return day
  if (rule === 'hourly') return `${day} ${format({ hour: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset' })}`
  const noon = Date.parse(`${day}T12:00Z`)
  const sinceMonday = (new Date(noon).getUTCDay() + 6) % 7
  return new Date(noon - sinceMonday * dayMs).toISOString().slice(0, 10)
}

describe('periods', () => {
  it.each(periodRules)('%s: the newest of each stays, as the calendar of the zone has it', (rule) =>
    fc.assert(
      fc.property(history, fc.constantFrom(...timeZones), (items, timeZone) => {
        const newest = new Map<string, number>()
        for (const { creation } of items) {
          const period = namedPeriod(rule, timeZone, creation)
          newest.set(period, Math.max(newest.get(period) ?? Number.NEGATIVE_INFINITY, creation.getTime()))
        }
        const times = items.map(({ creation }) => creation.getTime())
        const wanted = new Set([...newest.values(), ...(times.length > 0 ? [Math.min(...times)] : [])])
        const kept = keptTimes(items, { [rule]: Number.POSITIVE_INFINITY }, timeZone)
        const iso = [...wanted].map((time) => new Date(time).toISOString().slice(0, 16))
        expect(new Set(kept)).toEqual(new Set(iso))
      }),
      { numRuns: 60 },
    ),
  )
})

describe('days of 23 and 25 hours', () => {
  it('in spring, a day has 23 hours to keep', () => {
    const items = every(30 * minuteMs, '2026-03-28T23:00Z', '2026-03-29T22:00Z')
    expect(keptTimes(items, { daily: 1 }, 'Europe/Berlin')).toEqual(['2026-03-29T21:30'])
    expect(keptTimes(items, { hourly: 23 }, 'Europe/Berlin')).toHaveLength(23)
  })

  it('in autumn, the hour that comes twice is two hours', () => {
    const items = every(30 * minuteMs, '2026-10-24T22:00Z', '2026-10-25T23:00Z')
    expect(keptTimes(items, { daily: 1 }, 'Europe/Berlin')).toEqual(['2026-10-25T22:30'])
    expect(keptTimes(items, { hourly: 25 }, 'Europe/Berlin')).toHaveLength(25)
    expect(decideRetention(items, { hourly: 25 }, { now, timeZone: 'Europe/Berlin' })[5]?.reasons).toEqual([
      'hourly 23 of 25: 2026-10-25 02h',
    ])
  })

  it('midnight is that of the zone', () => {
    const items = madeAt('2026-06-01T21:59Z', '2026-06-01T22:01Z')
    expect(keptTimes(items, { daily: 1 }, 'Europe/Berlin')).toEqual(['2026-06-01T22:01'])
    expect(keptTimes(items, { daily: 2 }, 'Europe/Berlin')).toHaveLength(2)
    expect(keptTimes(items, { daily: 1 }, 'UTC')).toEqual(['2026-06-01T22:01'])
  })

  it('a day that comes twice, for 59 minutes after midnight, is one day', () => {
    // Until 2011, St. John's set its clocks back at 00:01 to 23:01 of the day before.
    const items = madeAt('2010-11-07T02:30Z', '2010-11-07T02:30:30Z', '2010-11-07T02:31Z', '2010-11-07T03:31Z')
    const rules = { daily: 2 }
    expect(keptTimes(items, rules, 'America/St_Johns')).toEqual(['2010-11-07T02:31', '2010-11-07T03:31'])
  })

  it('a day that never was is none: Samoa went from Thursday to Saturday', () => {
    const items = every(6 * hourMs, '2011-12-29T10:00Z', '2011-12-31T10:00Z')
    expect(keptTimes(items, { daily: 9 }, 'Pacific/Apia')).toEqual([
      '2011-12-29T10:00',
      '2011-12-30T04:00',
      '2011-12-31T04:00',
    ])
  })
})

describe('uneven months and years', () => {
  it('the last day of each month, leap year or not', () => {
    const items = every(dayMs, '2027-01-01T00:00Z', '2028-04-01T00:00Z')
    expect(keptTimes(items, { monthly: 14 }).map((time) => time.slice(0, 10))).toEqual(
      '2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30 2027-12-31 2028-01-31 2028-02-29 2028-03-31'.split(
        ' ',
      ),
    )
  })

  it('the 29th of February is a day of its own', () => {
    const items = madeAt('2028-02-28T12:00Z', '2028-02-29T12:00Z', '2028-03-01T12:00Z')
    expect(keptTimes(items, { daily: 2 })).toEqual(['2028-02-29T12:00', '2028-03-01T12:00'])
  })

  it('a week goes on over the new year', () => {
    const items = madeAt('2026-12-27T12:00Z', '2026-12-28T12:00Z', '2027-01-01T12:00Z', '2027-01-03T12:00Z')
    expect(keptTimes(items, { weekly: 2 })).toEqual(['2026-12-27T12:00', '2027-01-03T12:00'])
  })
})

describe('a year of a snapshot a minute', () => {
  const items = every(minuteMs, '2025-01-01T00:00Z', '2026-01-01T00:00Z')
  const rules = { last: 10, hourly: 36, daily: 31, weekly: 8, monthly: 12, yearly: 5 }

  it.each(['UTC', 'America/St_Johns'])('is decided in seconds, in %s', (timeZone) => {
    const start = process.cpuUsage()
    const kept = keptTimes(items, rules, timeZone)
    expect(cpuMsSince(start)).toBeLessThan(5000)
    expect(kept).toHaveLength(new Set(kept).size)
    // 10 last, 36 hours, 31 days, 8 weeks, 12 months, and the oldest; the newest is all of them at once.
    expect(kept.length).toBeGreaterThan(70)
    expect(kept.length).toBeLessThan(97)
  })

  it('pruned every hour as it grows, never has more than the policy and one hour', () => {
    let held: readonly { creation: Date }[] = []
    let most = 0
    for (let start = 0; start < 60 * 24 * 60; start += 60) {
      const grown = [...held, ...items.slice(start, start + 60)]
      const at = grown.at(-1)?.creation ?? now
      held = decideRetention(grown, rules, { now: at }).flatMap(({ item, isKept }) => (isKept ? [item] : []))
      most = Math.max(most, held.length)
    }
    expect(most).toBeLessThan(97)
    // After 60 days, 31 days back and the first of all are there.
    expect(held.at(0)?.creation.toISOString()).toBe('2025-01-01T00:00:00.000Z')
  })
})

it('10,000 snapshots are decided in a tenth of a second', () => {
  const items = every(hourMs, '2025-01-01T00:00Z', '2026-02-21T16:00Z')
  expect(items).toHaveLength(10_000)
  const measure = () => {
    const start = process.cpuUsage()
    keptTimes(items, { last: 10, hourly: 36, daily: 31, weekly: 8, monthly: 12, yearly: 5 }, 'Europe/Berlin')
    return cpuMsSince(start)
  }
  // The best of three: the first compiles.
  expect(Math.min(measure(), measure(), measure())).toBeLessThan(100)
})
