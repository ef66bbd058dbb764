import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Inventory, SyncDataset } from '../../src/sync/inventory.ts'
import { type Plan, type PlanWishes, planSync, type Step } from '../../src/sync/plan.ts'
import { dataset, tree } from './sample-trees.ts'

/** What ZFS does with a step, or refuses: the guids of each dataset on the receiver, the oldest first. */
class Receiver {
  readonly datasets = new Map<string, string[]>()

  constructor({ datasets }: Inventory) {
    for (const { path, snapshots } of datasets)
      this.datasets.set(
        path,
        snapshots.map(({ guid }) => guid),
      )
  }

  perform(source: SyncDataset, step: Step): void {
    const { path } = source
    if (step.kind !== 'rename' && step.kind !== 'full' && step.kind !== 'increment')
      throw new Error('nothing was interrupted')
    if (step.kind === 'rename') this.#rename(step.from, path)
    else this.#receive(source, step)
  }

  #receive(source: SyncDataset, step: Extract<Step, { kind: 'full' | 'increment' }>): void {
    const { path } = source
    const parent = path === '' ? undefined : path.slice(0, path.lastIndexOf('/'))
    if (parent !== undefined && !this.datasets.has(parent)) throw new Error(`${path}: no parent`)
    const there = this.datasets.get(path)
    if (step.kind === 'full') {
      if (there !== undefined) throw new Error(`${path}: exists`)
      this.datasets.set(path, [step.to.guid])
      return
    }
    if (there?.at(-1) !== step.base.point.guid) throw new Error(`${path}: most recent snapshot does not match`)
    const own = source.snapshots.map(({ guid }) => guid)
    const from = step.withIntermediates ? own.indexOf(step.base.point.guid) + 1 : own.indexOf(step.to.guid)
    if (step.withIntermediates && step.base.kind === 'bookmark') throw new Error('no -I from a bookmark')
    there.push(...own.slice(from, own.indexOf(step.to.guid) + 1))
  }

  #rename(from: string, to: string): void {
    if (this.datasets.has(to)) throw new Error(`${to}: exists`)
    for (const [path, guids] of [...this.datasets]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.datasets.delete(path)
      this.datasets.set(to + path.slice(from.length), guids)
    }
  }

  inventory(): Inventory {
    const numbers = (guids: string[]) => guids.map((guid) => Number.parseInt(guid, 16))
    return tree(...[...this.datasets].map(([path, guids]) => dataset(path, numbers(guids))))
  }
}

const paths = ['', '/a', '/a/x', '/a/x/y', '/b', '/b/x', '/c']

/** A tree in which every dataset has its parent, and some of ten snapshots of its own. */
const trees = fc
  .record({ cut: fc.subarray(paths.slice(1)), taken: fc.array(fc.nat(1023), { minLength: 7, maxLength: 7 }) })
  .map(({ cut, taken }) => {
    const there = paths.filter((path) => !cut.some((each) => path === each || path.startsWith(`${each}/`)))
    return there.map((path) => ({ path, taken: taken[paths.indexOf(path)] ?? 0 }))
  })

function inventory(datasets: readonly { path: string; taken: number }[], mask: number): Inventory {
  const bits = Array.from({ length: 10 }, (_, bit) => bit)
  const guidsOf = (path: string, taken: number) =>
    bits.filter((bit) => (taken >> bit) & 1 & (mask >> bit)).map((bit) => 100 * (paths.indexOf(path) + 1) + bit)
  return tree(...datasets.map(({ path, taken }) => dataset(path, guidsOf(path, taken))))
}

function perform(plan: Plan, receiver: Receiver): void {
  for (const { source, steps } of plan.datasets) {
    const parent = source.path === '' ? undefined : source.path.slice(0, source.path.lastIndexOf('/'))
    if (parent !== undefined && !receiver.datasets.has(parent) && steps.length > 0) continue
    for (const step of steps) receiver.perform(source, step)
  }
}

function check(source: Inventory, before: Inventory, wishes: PlanWishes): void {
  const receiver = new Receiver(before)
  const plan = planSync(source, before, wishes)
  perform(plan, receiver)
  for (const { source: own, conflict } of plan.datasets) {
    const has = receiver.datasets.get(own.path)
    if (conflict === undefined && has !== undefined) expect(has.at(-1)).toBe(own.snapshots.at(-1)?.guid)
  }
  if (!plan.hasRenames) expectNothingLost(before, receiver)
  for (const { source: own, steps } of planSync(source, receiver.inventory(), wishes).datasets) {
    if (receiver.datasets.has(own.path)) expect(steps, own.path).toEqual([])
  }
}

function expectNothingLost(before: Inventory, { datasets }: Receiver): void {
  for (const { path, snapshots } of before.datasets) {
    expect(datasets.get(path)?.slice(0, snapshots.length)).toEqual(snapshots.map(({ guid }) => guid))
  }
}

it.each([true, false])('ZFS takes every step, and all without conflict are then equal (all snapshots: %s)', (all) => {
  const wishes: PlanWishes = { allSnapshots: all, skipUnchanged: false, onDiverged: 'refuse', tokens: new Map() }
  fc.assert(
    fc.property(trees, trees, fc.nat(1023), (here, there, mask) =>
      check(inventory(here, 1023), inventory(there, mask), wishes),
    ),
    { numRuns: 3000 },
  )
})
