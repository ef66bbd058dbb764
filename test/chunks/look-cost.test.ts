import { expect, test } from 'vitest'
import { LookCost } from '../../src/chunks/look-cost.ts'

test('a look beside other work costs what one alone has cost, by the number of files', () => {
  const cost = new LookCost()
  expect(cost.of(500, 99, false)).toBe(500)
  expect(cost.of(10, 99, true)).toBe(10)
  expect(cost.of(500, 99, false)).toBe(10)
  expect(cost.of(500, 49, false)).toBe(5)
  expect(cost.of(3, 49, false)).toBe(3)
})

test('however many files have come since, it costs no more than it took', () => {
  const cost = new LookCost()
  expect(cost.of(3, 0, true)).toBe(3)
  expect(cost.of(900, 100_000, false)).toBe(900)
})
