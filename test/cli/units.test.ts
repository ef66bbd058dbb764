import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatRate,
  parseCount,
  parseDuration,
  parseRate,
  parseSize,
} from '../../src/cli/units.ts'
import { Failure } from '../../src/errors.ts'

const failsAs = (kind: string) => expect.objectContaining({ name: 'Failure', kind })

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['4096B', 4096],
    ['64K', 65_536],
    ['64M', 67_108_864],
    ['64MiB', 67_108_864],
    ['64mib', 67_108_864],
    ['64MB', 64_000_000],
    ['64 MB', 64_000_000],
    ['1.5G', 1_610_612_736],
    ['1.5GB', 1_500_000_000],
    ['0.001MB', 1000],
    ['5T', 5_497_558_138_880],
    ['1P', 1_125_899_906_842_624],
    // z3's own test vectors
    [' 7m ', 7_340_032],
    ['256M', 268_435_456],
    ['10g', 10_737_418_240],
  ])('reads %j as %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each([
    '',
    ' ',
    'M',
    '-1',
    '+1',
    '1e3',
    '0x10',
    '1,5G',
    '1.G',
    '.5G',
    '12Q',
    '1 2',
    '5iB',
    '1MM',
    '64M!',
    '1.3K',
    '9P1',
    'NaN',
    '9007199254740992',
    '9P9',
  ])('refuses %j', (text) => expect(() => parseSize(text)).toThrow(failsAs('usage')))

  it('says what a size looks like', () => {
    expect(() => parseSize('lots')).toThrow(
      expect.objectContaining({ message: "'lots' is not a size", hint: expect.stringContaining('64M (MiB)') }),
    )
  })

  it('reads back every whole number of bytes exactly', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(String(bytes)) === bytes))
  })

  it('never returns anything but a whole number or a Failure', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20} ?[KMGTp]?i?[Bb]?$/)), (text) => {
        try {
          const bytes = parseSize(text)
          expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
        }
      }),
    )
  })
})

describe('parseRate', () => {
  it('is a size, with or without /s', () => {
    expect(parseRate('10M')).toBe(10_485_760)
    expect(parseRate('10MB/s')).toBe(10_000_000)
  })
  it.each(['0', '0M/s', 'fast', '/s', '10M/m'])('refuses %j', (text) =>
    expect(() => parseRate(text)).toThrow(failsAs('usage')),
  )
})

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['1.5s', 1500],
    ['15m', 900_000],
    ['36h', 129_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    [' 7 d ', 604_800_000],
  ])('reads %j as %d ms', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))
  it.each(['', '90', '-1s', '1h30m', '5S', '1y', 's', '1..5s', 'toString'])('refuses %j', (text) =>
    expect(() => parseDuration(text)).toThrow(failsAs('usage')),
  )
})

describe('parseCount', () => {
  it('reads whole numbers from the least on', () => {
    expect(parseCount('0')).toBe(0)
    expect(parseCount('8', 1)).toBe(8)
  })
  it.each(['-1', '1.5', '', 'x', '1e2'])('refuses %j', (text) =>
    expect(() => parseCount(text)).toThrow(failsAs('usage')),
  )
  it('refuses less than the least', () =>
    expect(() => parseCount('0', 1)).toThrow("'0' is not a whole number from 1 on"))
})

describe('what people read', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1.00 KiB'],
    [1_610_612_736, '1.50 GiB'],
    [24_536_678, '23.4 MiB'],
    [220_200_960, '210 MiB'],
    [10 * 1024 * 1024 - 1, '10.0 MiB'],
    [2 ** 60, '1024 PiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it('never shows more than three digits below 1000 PiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), (bytes) =>
        /^(\d\.\d\d|\d\d\.\d|\d{1,3}) ([KMGTP]i)?B$/.test(formatBytes(bytes)),
      ),
    )
  })

  it('a rate is bytes a second', () => expect(formatRate(1_048_576)).toBe('1.00 MiB/s'))

  it.each([
    [0, '0s'],
    [59_400, '59s'],
    [59_600, '1m 00s'],
    [247_000, '4m 07s'],
    [7_500_000, '2h 05m'],
    [273_600_000, '3d 04h'],
  ])('%d ms are %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text))
})
