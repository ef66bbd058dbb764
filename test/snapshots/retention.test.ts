import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideRetention, needLast, type RetentionItem } from '../../src/snapshots/retention.ts'
import type { RetentionPolicy } from '../../src/snapshots/retention-policy.ts'
import { history, madeAt, policy, timeZones } from './history.ts'

const longAfter = new Date('2100-01-01')

function decide(items: readonly RetentionItem[], rules: RetentionPolicy, timeZone = 'UTC', now = longAfter) {
  return decideRetention(items, rules, { now, timeZone })
}

function keptOf(...args: Parameters<typeof decide>): readonly RetentionItem[] {
  return decide(...args)
    .filter(({ isKept }) => isKept)
    .map(({ item }) => item)
}

const keptTimes = (...args: Parameters<typeof decide>) =>
  keptOf(...args).map(({ creation }) => creation.toISOString().slice(0, 16))

describe('a rule', () => {
  it('says for every item why it stays or goes, in the order given', () => {
    const items = madeAt('2026-11-19T08:00Z', '2026-11-21T05:00Z', '2026-11-20T23:00Z', '2026-11-21T06:00Z')
    expect(decide(items, { last: 2, daily: 2 })).toEqual([
      { item: items[0], isKept: false, reasons: ['no rule keeps it'] },
      { item: items[1], isKept: true, reasons: ['last 2 of 2'] },
      { item: items[2], isKept: true, reasons: ['daily 2 of 2: 2026-11-20'] },
      { item: items[3], isKept: true, reasons: ['newest', 'last 1 of 2', 'daily 1 of 2: 2026-11-21'] },
    ])
  })

  it('names hours, days, weeks, months and years', () => {
    const all = { hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1 }
    const [decision] = decide(madeAt('2027-01-02T23:30Z'), all)
    expect(decision?.reasons).toEqual([
      'newest',
      'hourly 1 of 1: 2027-01-02 23h',
      'daily 1 of 1: 2027-01-02',
      'weekly 1 of 1: 2026-W53',
      'monthly 1 of 1: 2027-01',
      'yearly 1 of 1: 2027',
    ])
  })

  it('keeps what was made within a time before the newest, and not before now', () => {
    const items = madeAt('2026-11-01T00:00Z', '2026-11-01T00:01Z', '2026-11-15T00:00Z')
    expect(keptTimes(items, { withinMs: 14 * 86_400_000 })).toHaveLength(3)
    expect(keptTimes(items, { withinMs: 14 * 86_400_000 - 60_000 })).toEqual(['2026-11-01T00:01', '2026-11-15T00:00'])
    expect(decide(items, { withinMs: 36 * 3_600_000 })[2]?.reasons).toEqual(['newest', 'within 36h of the newest'])
  })

  it('keeps the oldest while it has had fewer periods than it may, so that a history can grow', () => {
    const items = madeAt('2026-11-01T00:00Z', '2026-11-01T12:00Z', '2026-11-02T00:00Z')
    expect(decide(items, { daily: 3 })[0]?.reasons).toEqual(['oldest, while daily has 2 of 3'])
    expect(keptTimes(items, { daily: 2 })).toEqual(['2026-11-01T12:00', '2026-11-02T00:00'])
  })

  it('tells the later in the list for the newer, of those made in one second', () => {
    const items = madeAt('2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z')
    expect(decide(items, { last: 1 }).map(({ isKept }) => isKept)).toEqual([false, true])
  })

  it('keeps as many as there are, if it has no end', () => {
    const items = madeAt('2026-11-01T00:00Z', '2026-11-02T00:00Z', '2026-11-02T01:00Z')
    expect(decide(items, { daily: Number.POSITIVE_INFINITY }).map(({ reasons }) => reasons[0])).toEqual([
      'daily 2: 2026-11-01',
      'no rule keeps it',
      'newest',
    ])
  })
})

describe('what no rule touches', () => {
  it('was made in the future, and takes no place in a rule', () => {
    const items = madeAt('2026-11-20T00:00Z', '2026-11-21T00:00Z', '2026-11-22T00:00Z')
    const decisions = decide(items, { last: 1 }, 'UTC', new Date('2026-11-21T12:00Z'))
    expect(decisions.map(({ reasons }) => reasons)).toEqual([
      ['no rule keeps it'],
      ['newest', 'last 1 of 1'],
      ['made in the future'],
    ])
  })

  it('is needed, and counts in the rules all the same', () => {
    const items = [
      { creation: new Date('2026-11-19'), neededFor: ['held: backup'] },
      { creation: new Date('2026-11-20'), neededFor: ['held: backup', 'has a clone'] },
      { creation: new Date('2026-11-21') },
    ]
    expect(decide(items, { last: 2 }).map(({ reasons }) => reasons)).toEqual([
      ['held: backup'],
      ['held: backup', 'has a clone', 'last 2 of 2'],
      ['newest', 'last 1 of 2'],
    ])
  })
})

describe('the last of a list in the order of making', () => {
  it('is needed, if a clock that was set back makes another look newer', () => {
    const items = madeAt('2026-11-21T00:00Z', '2026-11-22T00:00Z', '1970-01-01T00:05Z')
    expect(decide(needLast(items), { last: 1 }).map(({ reasons }) => reasons)).toEqual([
      ['no rule keeps it'],
      ['newest', 'last 1 of 1'],
      ['made last'],
    ])
  })

  it('is not named, if it is the newest anyway', () => {
    const items = madeAt('2026-11-21T00:00Z', '2026-11-22T00:00Z', '2026-11-22T00:00Z')
    expect(needLast(items)).toBe(items)
    expect(needLast([])).toEqual([])
  })
})

describe('a policy', () => {
  const failsAs = (message: string) => expect.objectContaining({ name: 'Failure', kind: 'usage', message })

  it.each([{}, { last: 0 }, { last: 0, yearly: 0, withinMs: 0 }, { daily: undefined }])(
    'that says nothing is refused: %j',
    (rules) => expect(() => decide(madeAt('2026-11-19'), rules)).toThrow(failsAs('nothing says what to keep')),
  )

  it.each([{ last: -1 }, { hourly: 1.5 }, { yearly: Number.NaN }])(
    'with a count that is none is refused: %j',
    (rules) => expect(() => decide([], rules)).toThrow(/not a count/),
  )

  it('with a time zone that is none is refused', () =>
    expect(() => decide([], { last: 1 }, 'Mars/Olympus')).toThrow(failsAs("'Mars/Olympus' is no time zone")))
})

describe('whatever was made, and whatever the policy', () => {
  const everywhere = fc.constantFrom(...timeZones)

  it('the newest stays', () =>
    fc.assert(
      fc.property(history, policy, everywhere, (items, rules, timeZone) => {
        const newest = Math.max(...items.map(({ creation }) => creation.getTime()))
        const kept = keptOf(items, rules, timeZone).map(({ creation }) => creation.getTime())
        expect(items.length === 0 || kept.includes(newest)).toBe(true)
      }),
    ))

  it('pruning again, at once, removes nothing more', () =>
    fc.assert(
      fc.property(history, policy, everywhere, (items, rules, timeZone) => {
        const kept = keptOf(items, rules, timeZone)
        expect(keptOf(kept, rules, timeZone)).toEqual(kept)
      }),
      { numRuns: 500 },
    ))

  it('a larger policy keeps all that a smaller one keeps', () =>
    fc.assert(
      fc.property(history, policy, policy, everywhere, (items, rules, more, timeZone) => {
        const names = new Set([...Object.keys(rules), ...Object.keys(more)]) as Set<keyof RetentionPolicy>
        const sums = [...names].map((name) => [name, (rules[name] ?? 0) + (more[name] ?? 0)])
        const kept = new Set(keptOf(items, Object.fromEntries(sums), timeZone))
        expect(keptOf(items, rules, timeZone).filter((item) => !kept.has(item))).toEqual([])
      }),
      { numRuns: 500 },
    ))

  it('the order of the list does not matter, but among those of one second', () =>
    fc.assert(
      fc.property(history, policy, everywhere, (items, rules, timeZone) => {
        const once = [...new Map(items.map((item) => [item.creation.getTime(), item])).values()]
        const backwards = keptOf(once.toReversed(), rules, timeZone)
        expect(backwards.toReversed()).toEqual(keptOf(once, rules, timeZone))
      }),
    ))

  it('what was made later than now stays, and changes nothing for the others', () =>
    fc.assert(
      fc.property(history, policy, fc.nat(200), (items, rules, place) => {
        const now = items[place % Math.max(items.length, 1)]?.creation ?? longAfter
        const past = items.filter(({ creation }) => creation <= now)
        const future = items.filter(({ creation }) => creation > now)
        const kept = new Set(keptOf(items, rules, 'UTC', now))
        expect(items.filter((item) => kept.has(item) && item.creation <= now)).toEqual(keptOf(past, rules, 'UTC', now))
        expect(future.filter((item) => !kept.has(item))).toEqual([])
      }),
    ))

  it('a need keeps its item, and removes no other', () =>
    fc.assert(
      fc.property(history, policy, fc.array(fc.nat(200)), (items, rules, places) => {
        const needed = new Set(places.map((place) => place % Math.max(items.length, 1)))
        const marked = items.map((item, index) => (needed.has(index) ? { ...item, neededFor: ['held'] } : item))
        const before = decide(items, rules).map(({ isKept }) => isKept)
        const after = decide(marked, rules).map(({ isKept }) => isKept)
        expect(after).toEqual(before.map((isKept, index) => isKept || needed.has(index)))
      }),
    ))
})
