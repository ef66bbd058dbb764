import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NameStyle, openOwnNames, openSnapshotNames } from '../../src/snapshots/snapshot-names.ts'

const instant = new Date('2026-11-21T05:32:51.999Z')
const nameOf = (style: Partial<NameStyle>, others: readonly string[] = [], at = instant) =>
  openSnapshotNames({ prefix: 'auto', ...style }).nameAt(at, others)
const failsAs = (message: RegExp) =>
  expect.objectContaining({ name: 'Failure', kind: 'usage', message: expect.stringMatching(message) })

describe('a snapshot made here', () => {
  it.each<[Partial<NameStyle>, string]>([
    [{}, 'auto-20261121T053251Z'],
    [{ prefix: 'on s3' }, 'on s3-20261121T053251Z'],
    [{ prefix: 'zfs-auto-snap:daily' }, 'zfs-auto-snap:daily-20261121T053251Z'],
    [{ format: 'at_%H:%M' }, 'at_05:32'],
    [{ label: 'before upgrade' }, 'auto-20261121T053251Z-before upgrade'],
    [{ timeZone: 'Asia/Tokyo' }, 'auto-20261121T053251Z'],
    [{ format: '%y%m%d-%H%M%S' }, '261121-053251'],
    [{ format: '%F_%H.%M', timeZone: 'Asia/Kathmandu' }, '2026-11-21_11.17'],
    [{ format: 'daily-%Y%m%d', label: 'x' }, 'daily-20261121-x'],
    [{ hasClass: true, label: 'x' }, 'auto-20261121T053251Z-x_D'],
  ])('%j is called %s', (style, name) => expect(nameOf(style)).toBe(name))

  it.each<[Partial<NameStyle>, RegExp]>([
    [{ prefix: 'a@b' }, /prefix 'a@b': ZFS allows no '@'/],
    [{ prefix: '' }, /prefix is empty/],
    [{ label: '' }, /label is empty/],
    [{ label: '50%' }, /label '50%': ZFS allows no '%'/],
    [{ label: 'a,b' }, /ZFS allows no ','/],
    [{ label: 'ü' }, /ZFS allows no 'ü'/],
    [{ label: 'a/b' }, /ZFS allows no '\/'/],
    [{ format: '' }, /name is empty/],
    [{ format: '%Y%q' }, /name format '%Y%q': %q is not known/],
    [{ format: '%Y%' }, /name format '%Y%': % is not known/],
    [{ format: '%Y-%m-%d', hasClass: true }, /'%Y-%m-%d' does not tell the minute/],
    [{ format: '%H', timeZone: 'Mars/Olympus' }, /'Mars\/Olympus' is no time zone/],
  ])('%j is refused', (style, message) => expect(() => nameOf(style)).toThrow(failsAs(message)))

  it('has the name that strftime gives, at every instant', () =>
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }), (at) => {
        const wanted = at.toISOString().replace(/[-:]|\.\d+/g, '')
        expect(nameOf({}, [], at)).toBe(`auto-${wanted}`)
        expect(openOwnNames('auto')(`auto-${wanted}`)).toBe(true)
      }),
    ))
})

describe('a class', () => {
  const style = { format: '%y%m%d-%H%M%S', hasClass: true }
  it.each([
    ['S', '261121-053200_D'],
    ['M', '261121-053159_D'],
    ['M', '261121-050000_S'],
    ['H', '261121-045959_M'],
    ['H', '261121-000000_M'],
    ['D', '261120-235959_M'],
    ['D', '251121-053251_S'],
    ['D', 'no time of ours_M'],
    ['D', '261121-053250'],
    ['D', '261121-053250-label_M'],
    ['D', '261321-053250_M'],
    ['D', '261121-053252_M'],
    // A leap second is the one that follows it.
    ['D', '261120-225960_M'],
    ['H', '261120-235960_M'],
  ])('is %s after %s', (letter, other) => expect(nameOf(style, [other])).toBe(`261121-053251_${letter}`))

  it('is that after the newest, in whatever order they stand', () => {
    const others = ['261121-053000_D', '261121-053240_M', '261120-010000_D', '261122-000000_D']
    expect(nameOf(style, others)).toBe('261121-053251_S')
    expect(nameOf(style, others.toReversed())).toBe('261121-053251_S')
  })

  it('counts days by the zone of the name', () => {
    const others = ['261121-143000_M']
    expect(nameOf({ ...style, timeZone: 'Asia/Tokyo' }, others)).toBe('261121-143251_M')
  })
})

describe('a name made with a prefix', () => {
  const isOwn = openOwnNames('auto')
  it.each([
    'auto-20261121T053251Z',
    'auto-20261121T053251Z-label',
    'auto-20261121T053251Z_M',
    'auto-20261121T053251Z-a label_M',
    'auto-20280229T000000Z',
    'auto-20161231T235960Z',
  ])('%s is', (name) => expect(isOwn(name)).toBe(true))

  it.each([
    'auto',
    'auto-',
    'auto-1',
    'auto-20261121T053251',
    'auto-20261121T053251Zlabel',
    'auto-20261121T053251Z-',
    'auto-20261121T053251Z_X',
    'auto-20261321T053251Z',
    'auto-20270229T000000Z',
    'auto-20261121T243251Z',
    'auto-20261121T053260Z',
    'automatic-20261121T053251Z',
    'auto-auto-20261121T053251Z',
    'xauto-20261121T053251Z',
  ])('%s is not', (name) => expect(isOwn(name)).toBe(false))

  it('takes a dot in the prefix for a dot', () => expect(openOwnNames('a.b')('a-b-20261121T053251Z')).toBe(false))
})
