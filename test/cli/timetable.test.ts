import { describe, expect, test } from 'vitest'
import { parseBandwidth } from '../../src/cli/timetable.ts'

// 2026-11-22 is a Sunday; times are local ones.
const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, 22 + day, hour, minute)
const mib = 1024 * 1024

describe('parseBandwidth', () => {
  test('one rate is in force at all times', () => {
    expect(parseBandwidth('10M')(at(3, 4))).toBe(10 * mib)
    expect(parseBandwidth('off')(at(3, 4))).toBe(Number.POSITIVE_INFINITY)
  })

  test('an entry is in force until the next one, over midnight too', () => {
    const rate = parseBandwidth('08:00,1M 19:30,off')
    expect(rate(at(2, 7, 59))).toBe(Number.POSITIVE_INFINITY)
    expect(rate(at(2, 8))).toBe(mib)
    expect(rate(at(2, 19, 29))).toBe(mib)
    expect(rate(at(2, 19, 30))).toBe(Number.POSITIVE_INFINITY)
    expect(rate(at(0, 0))).toBe(Number.POSITIVE_INFINITY)
  })

  test('an entry of one day is in force until the next one, over the end of the week too', () => {
    const rate = parseBandwidth('Mon-00:00,512K fri-23:59,10M sat-10:00,1M sun-20:00,off')
    expect(rate(at(0, 0))).toBe(mib)
    expect(rate(at(0, 20))).toBe(Number.POSITIVE_INFINITY)
    expect(rate(at(1, 0))).toBe(mib / 2)
    expect(rate(at(5, 23, 58))).toBe(mib / 2)
    expect(rate(at(5, 23, 59))).toBe(10 * mib)
    expect(rate(at(6, 9, 59))).toBe(10 * mib)
    expect(rate(at(6, 10))).toBe(mib)
  })

  test.each(['', '0', '25:00,1M', '08:60,1M', 'Foo-08:00,1M', '08:00', '08:00,', '08:00,x', '08:00,1M nonsense'])(
    "'%s' is refused",
    (text) => {
      expect(() => parseBandwidth(text)).toThrow(expect.objectContaining({ kind: 'usage' }))
    },
  )
})
