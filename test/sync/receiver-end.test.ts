import { expect, it } from 'vitest'
import { encodeMessage, mostRequestBytes } from '../../src/sync/frames.ts'
import type { Problem } from '../../src/sync/messages.ts'
import { fitting } from '../../src/sync/receiver-end.ts'

const problem = (index: number, kind: Problem['kind'], length = 300): Problem => ({
  path: `/${index}`,
  kind,
  message: `${index}: ${'x'.repeat(length)}`,
})

it('what failed fits into one message, however much it is, and each kind is told', () => {
  const few = [problem(1, 'exists'), problem(2, 'io')]
  expect(fitting(few)).toEqual(few)
  const many = Array.from({ length: 9999 }, (_, index) => problem(index, 'unavailable'))
  const all = [...many, problem(9999, 'permission'), problem(10_000, 'unavailable')]
  const told = fitting(all)
  expect(encodeMessage({ type: 'end', problems: told }).length).toBeLessThan(mostRequestBytes)
  expect(told.slice(0, 1000)).toEqual(all.slice(0, 1000))
  expect(told.slice(-2).map(({ kind }) => kind)).toEqual(['unavailable', 'permission'])
  expect(told.at(-2)?.message).toMatch(new RegExp(`; and ${10_001 - told.length} others of this kind failed$`))
})
