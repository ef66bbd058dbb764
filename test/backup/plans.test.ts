import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { type BackupStep, planBackup } from '../../src/backup/backup-plan.ts'
import { chainsOf } from '../../src/backup/chains.ts'
import { planRestore } from '../../src/backup/restore-plan.ts'
import { Failure } from '../../src/errors.ts'
import type { Snapshot } from '../../src/zfs/snapshot.ts'
import { backup, snapshot } from './sample-backups.ts'

/** A pool and a store, to which anything may happen: snapshots are taken, destroyed, taken anew under an old name; objects get lost. */
class World {
  snapshots: Snapshot[] = []
  backups: Backup[] = []
  #clock = 0

  take(name: number): void {
    const number = ++this.#clock
    if (this.snapshots.some((each) => each.name === `tank/home@s${name}`)) return
    this.snapshots.push({ ...snapshot(number), name: `tank/home@s${name}` })
  }

  destroy(index: number): void {
    this.snapshots.splice(index % (this.snapshots.length || 1), 1)
  }

  lose(index: number): void {
    this.backups.splice(index % (this.backups.length || 1), 1)
  }

  backUp(isFull: boolean, index: number | undefined): void {
    const named = index === undefined ? undefined : this.snapshots[index % (this.snapshots.length || 1)]?.name
    const { flawOf } = chainsOf(this.backups)
    const request = { dataset: 'tank/home', snapshots: this.snapshots, bookmarks: [], backups: this.backups, flawOf }
    const { wanted, steps } = planBackup({ ...request, isEligible: () => true, wanted: named, isFull, sendFlags: [] })
    for (const step of steps) this.#store(step)
    this.#expectRestorable(wanted)
  }

  #store({ snapshot: { name, guid }, from, isReplacement }: BackupStep): void {
    expect(this.backups.some((each) => each.name === name)).toBe(isReplacement)
    const names = { name, object: { ...backup(1).object, key: name }, isFull: from === undefined, parent: from?.parent }
    this.backups = this.backups.filter((each) => each.name !== name)
    this.backups.push({ ...backup(1), ...names, guid, fromGuid: from?.source.guid })
  }

  /** Into a dataset that has nothing yet. */
  #expectRestorable({ name, guid }: Snapshot): void {
    const stored = this.backups.find((each) => each.guid === guid) ?? this.backups.find((each) => each.name === name)
    const target = { dataset: 'pool/copy', exists: false, snapshots: [], bookmarks: [], below: [] }
    const { parentOf } = chainsOf(this.backups)
    const ownFlawOf = () => undefined
    const request = { wanted: stored?.name ?? '', backups: this.backups, parentOf, ownFlawOf, target, force: false }
    // A plan may refuse, but what it has stored must not be refused.
    expect(() => planRestore(request)).not.toThrow()
    const { steps } = planRestore(request)
    for (const [index, { isFull, parent, fromGuid }] of steps.entries()) {
      const before = steps[index - 1]
      expect({ isFull, parent, fromGuid }).toEqual({
        isFull: index === 0,
        parent: before?.name,
        fromGuid: before?.guid,
      })
    }
    expect(steps.at(-1)).toBe(stored)
  }
}

const number = fc.nat({ max: 9 })
const happening = fc.oneof(
  { weight: 4, arbitrary: number.map((name) => (world: World) => world.take(name)) },
  { weight: 1, arbitrary: number.map((index) => (world: World) => world.destroy(index)) },
  { weight: 1, arbitrary: number.map((index) => (world: World) => world.lose(index)) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.boolean(), fc.option(number, { nil: undefined })).map(
      ([isFull, index]) =>
        (world: World) =>
          world.backUp(isFull, index),
    ),
  },
)

it('whatever happens, what a backup plan has stored can be restored, or the plan says why not', () => {
  let planned = 0
  const check = (happenings: readonly ((world: World) => void)[]) => {
    const world = new World()
    for (const happen of happenings) {
      try {
        happen(world)
        planned += 1
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
    }
  }
  fc.assert(fc.property(fc.array(happening, { maxLength: 25 }), check), { numRuns: 2000 })
  expect(planned).toBeGreaterThan(2000)
})
