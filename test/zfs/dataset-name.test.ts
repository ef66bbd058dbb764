import { describe, expect, it } from 'vitest'
import { checkedDatasetName, checkedSnapshotName, poolOf, topmostOf } from '../../src/zfs/dataset-name.ts'

describe('a name of a dataset', () => {
  it.each(['tank', 'tank/home', 'tank/a b/c', 'tank/x:y_z.1-2', `tank/${'x'.repeat(250)}`])('%s is one', (name) =>
    expect(checkedDatasetName(name)).toBe(name),
  )

  it.each(['', '-R', '/tank', 'tank/', 'tank//a', '1tank', 'tank/a,b', 'tank/%', 'tank/ü', `tank/${'x'.repeat(251)}`])(
    "'%s' is none",
    (name) => expect(() => checkedDatasetName(name)).toThrow(`'${name}' is no name of a dataset`),
  )

  it.each(['tank@mon', 'tank#mark'])('%s is something else', (name) =>
    expect(() => checkedDatasetName(name)).toThrow(`'${name}' is not a dataset, but something of one`),
  )
})

it('the pool is the first part', () => {
  expect([poolOf('tank'), poolOf('tank/home/a')]).toEqual(['tank', 'tank'])
})

it('the topmost are those with none above', () => {
  expect(topmostOf(['tank/a/b', 'tank/a', 'tank/ab', 'pool', 'tank/a/b/c'])).toEqual(['tank/a', 'tank/ab', 'pool'])
})

describe('a name of a snapshot', () => {
  it.each(['tank@mon', 'tank/a b@x y', 'tank@zsnap-20260101T000000Z', `tank@${'x'.repeat(250)}`])('%s is one', (name) =>
    expect(checkedSnapshotName(name)).toBe(name),
  )

  it.each([
    ['tank', 'is not a snapshot'],
    ['tank#mark', 'is not a snapshot'],
    ['-r@mon', "'-r' is no name of a dataset"],
    ['tank@a%b', 'is a range'],
    ['tank@%', 'is a range'],
    ['tank@a,b', 'is a range, or several'],
    ['tank@', 'is no name of a snapshot'],
    ['tank@a@b', 'is no name of a snapshot'],
    ['tank@a/b', 'is no name of a snapshot'],
    [`tank@${'x'.repeat(251)}`, 'is no name of a snapshot'],
  ])('%s is none', (name, message) => expect(() => checkedSnapshotName(name)).toThrow(message))
})
