import { describe, expect, it } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { chainsOf } from '../../src/backup/chains.ts'
import { backup, guidOf, z3Backup } from './sample-backups.ts'

const flaws = (...backups: readonly Backup[]) => backups.map(chainsOf(backups).flawOf)

describe('chainsOf', () => {
  it('finds no flaw in a full and what hangs on it', () => {
    expect(flaws(backup(1), backup(2, 1), backup(3, 2), backup(4, 2))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(flaws(z3Backup(1), z3Backup(2, 1), backup(3, 2))).toEqual([undefined, undefined, undefined])
  })

  it("gives z3's reasons", () => {
    expect(flaws(backup(2, 1), backup(3, 2))).toEqual(['missing parent', 'parent broken'])
    expect(flaws(backup(2, 3), backup(3, 2))).toEqual(['cycle detected', 'cycle detected'])
    expect(flaws({ ...z3Backup(1), isFull: false })).toEqual(['missing parent'])
  })

  it('finds a parent by guid, whatever its name', () => {
    const renamed = { ...backup(1), name: 'tank/home@renamed' }
    expect(chainsOf([renamed, backup(2, 1)]).parentOf(backup(2, 1))).toBe(renamed)
  })

  it('takes no other snapshot of the same name for the parent', () => {
    const other = { ...backup(1), guid: guidOf(9) }
    expect(flaws(other, backup(2, 1))).toEqual([undefined, 'parent guid mismatch'])
  })
})

it('judges 100,000 in one chain, and knows what hangs on a bad one', () => {
  const count = 100_000
  const chain = Array.from({ length: count }, (_, index) => backup(index + 1, index === 0 ? undefined : index))
  const bad = chain[count / 2]
  const { flawOf } = chainsOf(chain, (each) => (each === bad ? 'empty' : undefined))
  const found = chain.toReversed().map(flawOf)
  expect(found.filter((flaw) => flaw === undefined)).toHaveLength(count / 2)
  expect(found.filter((flaw) => flaw === 'empty')).toHaveLength(1)
  expect(found.filter((flaw) => flaw === 'parent broken')).toHaveLength(count / 2 - 1)
})
