import { expect, it } from 'vitest'
import { destroyCalls } from '../../src/zfs/destroy-snapshots.ts'

// What Linux takes for one argument (MAX_ARG_STRLEN).
const mostArgumentBytes = 131_072

it('10,000 snapshots are a few calls, each of an argument that Linux takes', () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `zsnap-20261121T053251Z-${index}`)
  const calls = destroyCalls(`tank/${'x'.repeat(240)}`, names)
  const lists = calls.map(([, list = '']) => list)
  expect(Math.max(...lists.map((list) => list.length))).toBeLessThan(mostArgumentBytes)
  expect(calls.length).toBeLessThan(5)
  expect(lists.flatMap((list) => list.slice(list.indexOf('@') + 1).split(','))).toEqual(names)
})

it('nothing to destroy is no call', () => expect(destroyCalls('tank', [])).toEqual([]))
