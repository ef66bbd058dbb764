import { expect, test } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { chainsOf } from '../../src/backup/chains.ts'
import { inOrderOfStoring } from '../../src/backup/order-of-storing.ts'
import { backup } from './sample-backups.ts'

/** Stored at this second, whatever its number says. */
function stored(seconds: number, each: Backup): Backup {
  return { ...each, object: { ...each.object, published: new Date(seconds * 1000) } }
}

function order(...backups: readonly Backup[]): readonly string[] {
  return inOrderOfStoring(backups, chainsOf(backups)).map(({ name }) => name.replace('tank/home@', ''))
}

test('by the time of storing', () => {
  expect(order(stored(9, backup(1)), stored(7, backup(2)))).toEqual(['s2', 's1'])
})

test('an increment comes after its parent, whatever the clock told and however many chains there are', () => {
  const back = [stored(5, backup(1)), stored(1, backup(2, 1)), stored(2, backup(3, 2))]
  expect(order(...back)).toEqual(['s1', 's2', 's3'])
  expect(order(...back.toReversed(), stored(4, backup(4)), stored(6, backup(5)))).toEqual([
    's4',
    's1',
    's2',
    's3',
    's5',
  ])
})

test('in one second too, where its name sorts before', () => {
  expect(order(stored(1, backup(10, 9)), stored(1, backup(9)))).toEqual(['s9', 's10'])
})

test('a circle has some order', () => {
  expect(order(backup(1, 2), backup(2, 1)).toSorted()).toEqual(['s1', 's2'])
})
