import { describe, expect, it } from 'vitest'
import { judgeDataset } from '../../src/backup/dataset-status.ts'
import { backup, snapshot, z3Backup } from './sample-backups.ts'

const none = { flawOf: () => undefined, verificationOf: () => undefined }
const at = (seconds: number) => ({
  ...{ now: new Date(seconds * 1000), warnAgeMs: 26_000, critAgeMs: 50_000 },
  formatAge: (ms: number) => `${ms / 1000}s`,
})
const judge = (
  ...[backups, local, seconds, catalogue = none]: [never[] | object[], object[] | undefined, number, object?]
) => judgeDataset('tank/home', backups as never, local as never, catalogue as never, at(seconds))

describe('the state', () => {
  it.for([
    [1025, 'ok'],
    [1026, 'warning'],
    [1049, 'warning'],
    [1050, 'critical'],
    [900, 'ok'],
  ] as const)('at %s s of a backup of 1000 s: %s', ([now, state]) => {
    expect(judge([backup(1000)], [], now).state).toBe(state)
  })

  it('is critical without a good one, and a warning with a broken one', () => {
    const bad = backup(1001, 1)
    const catalogue = { ...none, flawOf: (each: object) => (each === bad ? 'missing parent' : undefined) }
    expect(judge([], [], 1)).toMatchObject({ state: 'critical', newestGood: undefined })
    expect(judge([bad], [], 1001, catalogue).state).toBe('critical')
    expect(judge([backup(1000), bad], [], 1001, catalogue)).toMatchObject({ state: 'warning', brokenCount: 1 })
    expect(judge([backup(1000), bad], [], 1001, catalogue).newestGood?.name).toBe('tank/home@s1000')
  })
})

it('one from the future does not hide that the others are old', () => {
  const backups = [backup(1), backup(9000), backup(90_000)]
  expect(judge(backups, [], 9060)).toMatchObject({ state: 'critical', newestGood: { name: 'tank/home@s9000' } })
  expect(judge(backups, [], 9001)).toMatchObject({
    state: 'warning',
    summary: expect.stringMatching(/; 1 from the future$/),
  })
  expect(judge([backup(90_000)], [], 9001)).toMatchObject({
    state: 'warning',
    newestGood: { name: 'tank/home@s90000' },
  })
})

it('tells what is here, by guid, or by name where none was recorded', () => {
  const { snapshots } = judge(
    [backup(1), backup(2, 1), z3Backup(3, 2), backup(4, 3)],
    [snapshot(1), snapshot(9, 'tank/home@s2'), snapshot(3), snapshot(5)],
    9,
  )
  expect(snapshots.map(({ local }) => local)).toEqual(['ok', 'other', 'ok', 'missing', 'ok'])
  expect(snapshots.map((each) => each.backup === undefined)).toEqual([false, false, false, false, true])
  expect(judge([backup(1)], undefined, 9).snapshots[0]?.local).toBe('unknown')
  const renamed = judge([backup(1)], [snapshot(1, 'tank/home@renamed'), snapshot(7, 'tank/home@new')], 9).snapshots
  expect(renamed.map(({ name, local }) => [name, local])).toEqual([
    ['tank/home@new', 'ok'],
    ['tank/home@s1', 'ok'],
  ])
})
