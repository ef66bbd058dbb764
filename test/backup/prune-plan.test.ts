import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { chainsOf } from '../../src/backup/chains.ts'
import { pruneBackups } from '../../src/backup/prune-backups.ts'
import { planPrune } from '../../src/backup/prune-plan.ts'
import { Failure } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { backup, z3Backup } from './sample-backups.ts'

const row = fc.record({
  parent: fc.nat(40),
  isZ3: fc.boolean(),
  isKept: fc.boolean(),
  isFull: fc.boolean(),
  isRenamed: fc.boolean(),
})

/** Trees of any shape, by guid and by name, with gaps, circles and new names; and which of them a policy keeps. */
const histories = fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) => {
  const backups = rows.map(({ parent, isZ3, isFull, isRenamed }, index) => {
    const made = (isZ3 ? z3Backup : backup)(index + 1, isFull ? undefined : parent)
    const name = `tank/new@s${index + 1}`
    return isRenamed ? { ...made, name, object: { ...made.object, key: name } } : made
  })
  return { backups, kept: new Set(backups.filter((_, index) => rows[index]?.isKept)) }
})

/** Not our own chains: each walks to a full by itself. */
function restorable(wanted: Backup, there: readonly Backup[]): boolean {
  let each: Backup | undefined = wanted
  for (let steps = 0; each !== undefined && steps <= there.length; steps++) {
    if (each.isFull) return true
    const { parent, fromGuid }: Backup = each
    each =
      there.find(({ guid }) => guid !== undefined && guid === fromGuid) ??
      there.find(({ name, guid }) => name === parent && (!guid || !fromGuid || guid === fromGuid))
  }
  return false
}

it('P5: wherever it ends, all that is left can be restored as before', () => {
  fc.assert(
    fc.property(histories, ({ backups, kept }) => {
      const { removed } = planPrune(backups, chainsOf(backups), (each) => kept.has(each))
      let there: readonly Backup[] = backups
      const good = backups.filter((each) => restorable(each, backups))
      for (const gone of removed) {
        expect(kept).not.toContain(gone)
        there = there.filter((each) => each !== gone)
        for (const each of good) if (there.includes(each)) expect(restorable(each, there)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

/** As a bucket refuses, or a file system. */
function locks(key: string): Error {
  const refused = Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'unlink' })
  return key.endsWith('1') ? refused : new Failure('permission', `${key}: locked`)
}

it('whatever the store refuses, too; what it refuses is told once each', async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.array(fc.nat(30)), async ({ backups, kept }, locked) => {
      const { removed } = planPrune(backups, chainsOf(backups), (each) => kept.has(each))
      const gone = new Set<string>()
      const failures: Error[] = []
      const remove = async (key: string) => {
        if (locked.some((number) => key.endsWith(`@s${number}`))) throw locks(key)
        gone.add(key)
      }
      const store = { remove, describe: async () => undefined } as unknown as Store
      await pruneBackups(
        store,
        removed,
        { backups, ...chainsOf(backups) },
        {
          lookAtOwn: async () => backups,
          lookAtAll: async () => backups,
          signal: new AbortController().signal,
          onRemoved: () => {},
          onFailure: (failure) => failures.push(failure as Error),
        },
      )
      const there = backups.filter(({ name }) => !gone.has(name))
      for (const each of there) expect(restorable(each, there)).toBe(restorable(each, backups))
      expect(failures).toHaveLength(removed.filter((each) => there.includes(each)).length)
    }),
    { numRuns: 300 },
  )
})

it('removes all that nothing needs, and says what is needed', () => {
  const [full, second, third, other] = [backup(1), backup(2, 1), backup(3, 2), backup(4, 1)]
  const all = [full, second, third, other]
  const plan = planPrune(all, chainsOf(all), (each) => each === second)
  expect(plan.removed).toEqual([other, third])
  expect([...plan.needed]).toEqual([[full, second]])
  expect(planPrune(all, chainsOf(all), () => false).removed).toEqual([other, third, second, full])
})

it('P5: what has lost its metadata keeps all that it may go on from, and what those need', () => {
  const lost = { ...z3Backup(4, 3), parent: undefined }
  const other = { ...backup(1), name: 'tank/other@s1' }
  const backups = [backup(1), backup(2, 1), backup(3), lost, backup(5, 4), backup(6), other]
  const kept = new Set([lost, backups[4], backups[5], other])
  const { removed, needed } = planPrune(backups, chainsOf(backups), (each) => kept.has(each))
  expect(removed).toEqual([])
  expect([...needed]).toEqual([1, 2, 3].map((number) => [backups[number - 1], lost]))
  // A store that was copied, one after the other.
  const published = new Date(99_000)
  const copied = backups.map((each) => (each === lost ? each : { ...each, object: { ...each.object, published } }))
  expect(planPrune(copied, chainsOf(copied), (each) => each === lost).needed.size).toBe(3)
  // By a clock that was ahead then.
  const creation = new Date(99_000)
  const ahead = backups.map((each) => (each === lost ? each : { ...each, creation }))
  expect(planPrune(ahead, chainsOf(ahead), (each) => each === lost).needed.size).toBe(3)
  const young = [lost, backup(7), backup(8)]
  expect(planPrune(young, chainsOf(young), (each) => each === lost).removed).toHaveLength(2)
})

it('P5: keeps whatever an increment may go on from, whose source is known by a guid that no backup has', () => {
  const unknown = { ...backup(2, 1), guid: undefined }
  const other = { ...backup(3), guid: undefined, name: 'tank/other@s3' }
  const increment = { ...backup(4, 2), parent: undefined }
  const later = { ...backup(5), guid: undefined }
  const all = [backup(1), unknown, other, increment, later]
  const { removed, needed } = planPrune(all, chainsOf(all), (each) => each === increment)
  expect(new Set(removed)).toEqual(new Set([other, later]))
  expect([...needed.values()]).toEqual([increment, increment])
})

it('P5: keeps what an increment goes on from in its own dataset, though another has the same snapshot', () => {
  const inOther = (each: Backup): Backup => ({ ...each, name: each.name.replace('home', 'copy') })
  const [full, increment] = [backup(1), { ...backup(2, 1), parent: undefined }]
  for (const all of [
    [full, inOther(full), increment],
    [inOther(full), full, increment],
  ]) {
    const { removed } = planPrune(all, chainsOf(all), (each) => each === increment)
    expect(removed.map(({ name }) => name)).toEqual(['tank/copy@s1'])
  }
})
