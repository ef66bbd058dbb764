import { expect, it } from 'vitest'
import { chainsOf } from '../../../src/backup/chains.ts'
import { groupChains, type StoredStatus } from '../../../src/backup/report/group-chains.ts'
import { backup } from '../sample-backups.ts'

type Pair = readonly [number: number, parent?: number]

/** `1 2*`: the numbers of a chain, with a star where it is not whole. */
function grouped(...pairs: readonly Pair[]): string[] {
  const backups = pairs.map(([number, parent]) => backup(number, parent))
  const stored = backups.map(
    (each): StoredStatus => ({
      name: each.name,
      creation: each.creation,
      backup: each,
      flaw: undefined,
      local: 'ok',
      verification: undefined,
    }),
  )
  return groupChains(stored, chainsOf(backups)).map(({ members, isWhole }) => {
    const numbers = members.map(({ name }) => name.replace(/.*@s/, ''))
    return `${numbers.join(' ')}${isWhole ? '' : '*'}`
  })
}

it('begins a chain at each full and at each gap, in the order of time', () => {
  expect(grouped([3], [1], [2, 1], [4, 3])).toEqual(['1 2', '3 4'])
  expect(grouped([1], [2, 1], [4, 3], [5, 4], [6, 2])).toEqual(['1 2 6', '4 5*'])
  expect(grouped()).toEqual([])
})

it('puts what goes in circles together, and comes to an end', () => {
  expect(grouped([1, 3], [2, 1], [3, 2], [4, 3])).toHaveLength(1)
})

it('is quick with long chains', () => {
  const pairs = Array.from({ length: 50_000 }, (_, index): Pair => (index === 0 ? [1] : [index + 1, index]))
  expect(grouped(...pairs.toReversed())).toHaveLength(1)
})
