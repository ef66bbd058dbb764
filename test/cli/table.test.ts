import { expect, it } from 'vitest'
import { alignedLines } from '../../src/cli/table.ts'

it('aligns columns, with nothing after the last cell', () => {
  const rows = [
    ['NAME', 'SIZE', 'STATE'],
    ['tank', '1.5M', ''],
    ['a longer name', '12K', 'ok'],
  ]
  expect(alignedLines(rows, { right: [1] })).toEqual([
    'NAME           SIZE  STATE',
    'tank           1.5M',
    'a longer name   12K  ok',
  ])
  expect(alignedLines(rows.slice(0, 2), { separator: ' | ' })).toEqual(['NAME | SIZE | STATE', 'tank | 1.5M |'])
})

it('counts what a terminal shows, and takes no rows', () => {
  expect(
    alignedLines([
      ['cafe\u0301', 'x'],
      ['abcd', 'y'],
    ]),
  ).toEqual(['cafe\u0301  x', 'abcd  y'])
  expect(alignedLines([])).toEqual([])
})

it('shows control characters as what they are: a name out of a store drives no terminal', () => {
  const rows = [
    ['a\x1b]0;title\x07', 'x\ny'],
    ['tank', 'z'],
  ]
  expect(alignedLines(rows)).toEqual(['a\\x1b]0;title\\x07  x\\ny', 'tank               z'])
})
