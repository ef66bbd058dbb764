import { describe, expect, it } from 'vitest'
import type { Inventory, SyncDataset } from '../../src/sync/inventory.ts'
import { type PlanWishes, planSync, type Step } from '../../src/sync/plan.ts'
import { dataset, guid, points, tree } from './sample-trees.ts'

const wishes: PlanWishes = { allSnapshots: true, skipUnchanged: false, onDiverged: 'refuse', tokens: new Map() }

/** `full s1`, `s1-I-s3`, `#s1-i-s2`. */
function shown(step: Step): string {
  if (step.kind === 'rename') return `rename ${step.from}`
  if (step.kind === 'increment') {
    const mark = step.base.kind === 'bookmark' ? '#' : ''
    return `${mark}${step.base.point.name}-${step.withIntermediates ? 'I' : 'i'}-${step.to.name}`
  }
  return 'to' in step ? `${step.kind} ${step.to.name}` : step.kind
}

function stepsOf(source: SyncDataset, target: SyncDataset | undefined, more = wishes) {
  const [plan] = planSync(tree(source), tree(...(target === undefined ? [] : [target])), more).datasets
  return plan?.conflict ?? plan?.steps.map(shown)
}

describe('one dataset', () => {
  it('is sent in full, and all after its first snapshot, where it is not there', () => {
    expect(stepsOf(dataset('', [1]), undefined)).toEqual(['full s1'])
    expect(stepsOf(dataset('', [1, 2]), undefined)).toEqual(['full s1', 's1-i-s2'])
    expect(stepsOf(dataset('', [1, 2, 3]), undefined)).toEqual(['full s1', 's1-I-s3'])
  })

  it('goes on from the newest snapshot of the receiver', () => {
    expect(stepsOf(dataset('', [1, 2, 3]), dataset('', [1]))).toEqual(['s1-I-s3'])
    expect(stepsOf(dataset('', [1, 2, 3]), dataset('', [1, 2]))).toEqual(['s2-i-s3'])
    expect(stepsOf(dataset('', [1, 2, 3]), dataset('', [1, 2, 3]))).toEqual([])
    expect(stepsOf(dataset('', [2, 3]), dataset('', [1, 2]))).toEqual(['s2-i-s3'])
  })

  it('is matched by guid, whatever its snapshots are called', () => {
    const renamed = points(1, 2).map((point) => ({ ...point, name: `was-${point.name}` }))
    expect(stepsOf(dataset('', [1, 2, 3]), dataset('', [], { snapshots: renamed }))).toEqual(['s2-i-s3'])
    const retaken = [{ name: 's1', guid: guid(99), createTxg: 1 }]
    expect(stepsOf(dataset('', [1]), dataset('', [], { snapshots: retaken }))).toBe('no-common-snapshot')
  })

  it('only its newest, if no other is wanted', () => {
    const newest = { ...wishes, allSnapshots: false }
    expect(stepsOf(dataset('', [1, 2, 3]), undefined, newest)).toEqual(['full s3'])
    expect(stepsOf(dataset('', [1, 2, 3]), dataset('', [1]), newest)).toEqual(['s1-i-s3'])
  })

  it('goes on from a bookmark, and with -I from the snapshot after it', () => {
    const bookmarks = points(1)
    const snapshots = points(1, 2, 3, 4)
    const marked = (count: number) => dataset('', [], { snapshots: snapshots.slice(1, count), bookmarks })
    expect(stepsOf(marked(2), dataset('', [1]))).toEqual(['#s1-i-s2'])
    expect(stepsOf(marked(3), dataset('', [1]))).toEqual(['#s1-i-s2', 's2-i-s3'])
    expect(stepsOf(marked(4), dataset('', [1]))).toEqual(['#s1-i-s2', 's2-I-s4'])
    expect(stepsOf(dataset('', [1, 2], { bookmarks }), dataset('', [1]))).toEqual(['s1-i-s2'])
  })

  it('is left alone where something would be lost', () => {
    expect(stepsOf(dataset('', []), dataset('', [1]))).toBe('no-snapshot')
    expect(stepsOf(dataset('', [1]), dataset('', []))).toBe('target-without-snapshots')
    expect(stepsOf(dataset('', [2]), dataset('', [1]))).toBe('no-common-snapshot')
    expect(stepsOf(dataset('', [1, 2]), dataset('', [1, 9]))).toBe('target-is-ahead')
  })

  it('is received anew where the source is encrypted and what is there is not: raw goes on from nothing else', () => {
    const isEncrypted = true
    const [source, more] = [
      dataset('', [1, 2], { isEncrypted }),
      (onDiverged: PlanWishes['onDiverged']) => ({ ...wishes, onDiverged }),
    ]
    expect(stepsOf(source, dataset('', [1], { isEncrypted }))).toEqual(['s1-i-s2'])
    expect(stepsOf(source, dataset('', [1, 2]))).toEqual([])
    expect(stepsOf(source, dataset('', [1]))).toBe('target-is-decrypted')
    expect(stepsOf(source, dataset('', [1]), more('rollback'))).toBe('target-is-decrypted')
    expect(stepsOf(source, dataset('', [1]), more('rename'))).toEqual(['full s1', 's1-i-s2'])
  })
})

describe('what an interrupted receive has kept', () => {
  const resumeToken = '1-a-b-c'
  const fits = (toGuid: number, fromGuid?: number, isRaw = false): PlanWishes => ({
    ...wishes,
    tokens: new Map([
      [resumeToken, { toGuid: guid(toGuid), fromGuid: fromGuid === undefined ? undefined : guid(fromGuid), isRaw }],
    ]),
  })

  it('is gone on with, and then from there', () => {
    const source = dataset('', [1, 2, 3])
    expect(stepsOf(source, dataset('', [], { resumeToken }), fits(1))).toEqual(['resume s1', 's1-I-s3'])
    expect(stepsOf(source, dataset('', [1], { resumeToken }), fits(2, 1))).toEqual(['resume s2', 's2-i-s3'])
    expect(stepsOf(source, dataset('', [1], { resumeToken }), fits(3, 1))).toEqual(['resume s3'])
  })

  it('is thrown away if it fits no more', () => {
    const source = dataset('', [1, 2])
    expect(stepsOf(source, dataset('', [], { resumeToken }), fits(9))).toEqual(['clear', 'full s1', 's1-i-s2'])
    expect(stepsOf(source, dataset('', [1], { resumeToken }), fits(2, 9))).toEqual(['clear', 's1-i-s2'])
    expect(stepsOf(source, dataset('', [1], { resumeToken }))).toEqual(['clear', 's1-i-s2'])
  })

  it('is thrown away if it would be gone on with decrypted', () => {
    const source = dataset('', [1, 2], { isEncrypted: true })
    const target = dataset('', [1], { isEncrypted: true, resumeToken })
    expect(stepsOf(source, target, fits(2, 1))).toEqual(['clear', 's1-i-s2'])
    expect(stepsOf(source, target, fits(2, 1, true))).toEqual(['resume s2'])
  })
})

describe('a tree', () => {
  it('comes parents first, whatever the order it was listed in', () => {
    const source = tree(dataset('/a/b', [1]), dataset('/a b', [2]), dataset('', [3]), dataset('/a', [4]))
    const { datasets } = planSync(source, tree(), wishes)
    expect(datasets.map((plan) => plan.source.path)).toEqual(['', '/a', '/a/b', '/a b'])
    expect(datasets.every(({ isNew }) => isNew)).toBe(true)
  })

  it('is told what is gone from the source', () => {
    const target = tree(dataset('', [1]), dataset('/old', [7]), dataset('/old/below', [8]))
    expect(planSync(tree(dataset('', [1])), target, wishes).gone).toEqual(['/old', '/old/below'])
  })

  it('is renamed as it was on the source, with all that is below', () => {
    const source = tree(dataset('', [1]), dataset('/new', [2, 4]), dataset('/new/below', [3]))
    const target = tree(dataset('', [1]), dataset('/old', [2]), dataset('/old/below', [3]))
    const plan = planSync(source, target, wishes)
    expect(plan.datasets.map(({ steps }) => steps.map(shown))).toEqual([[], ['rename /old', 's2-i-s4'], []])
    expect(plan).toMatchObject({ hasRenames: true, gone: [] })
  })

  it('is renamed by a bookmark, where that is all that the source has of what it was', () => {
    const bookmarks = points(2).map((point) => ({ ...point, name: 'mark', createTxg: 5 }))
    const target = tree(dataset('', [1]), dataset('/old', [7, 2]))
    const planned = (...numbers: readonly number[]) =>
      planSync(tree(dataset('', [1]), dataset('/new', numbers, { bookmarks })), target, wishes)
    expect(planned(3).datasets.map(({ steps }) => steps.map(shown))).toEqual([[], ['rename /old', '#mark-i-s3']])
    expect(planned(2, 3).gone).toEqual([])
    expect(planned()).toMatchObject({ hasRenames: false, gone: ['/old'] })
  })

  it('is not renamed on a doubt: two that could be it, or a name that is in use', () => {
    const two = tree(dataset('', [1]), dataset('/x', [2]), dataset('/y', [2]))
    expect(planSync(tree(dataset('', [1]), dataset('/new', [2])), two, wishes).hasRenames).toBe(false)
    const inUse = tree(dataset('', [1]), dataset('/x', [2]))
    const swapped = tree(dataset('', [1]), dataset('/x', [5]), dataset('/y', [2]))
    expect(planSync(swapped, inUse, wishes).hasRenames).toBe(false)
  })

  it('is sent anew where the one that it seems to be belongs to another replica', () => {
    const target = tree(dataset('', [1]), dataset('/other', [2], { mustStay: true }))
    const plan = planSync(tree(dataset('', [1]), dataset('/new', [2])), target, wishes)
    expect(plan.datasets.map(({ steps }) => steps.map(shown))).toEqual([[], ['full s2']])
    expect(plan.gone).toEqual(['/other'])
  })

  it('is renamed below a parent that comes before it', () => {
    const source = tree(dataset('', [1]), dataset('/p', [6]), dataset('/p/x', [2]))
    const { datasets } = planSync(source, tree(dataset('', [1]), dataset('/q', [2])), wishes)
    expect(datasets.map(({ steps }) => steps.map(shown))).toEqual([[], ['full s6'], ['rename /q']])
  })
})

describe('the buffer', () => {
  const buffered = (target: Inventory, ...datasets: readonly SyncDataset[]): Inventory => ({
    ...target,
    buffered: datasets,
  })

  it('is gone on with, to the newest', () => {
    const source = tree(dataset('', [1]), dataset('/a', [2]), dataset('/a/b', [3, 4]))
    const { datasets } = planSync(source, buffered(tree(dataset('', [1])), dataset('/a/b', [3])), wishes)
    expect(datasets.map(({ steps, into, isNew }) => [steps.map(shown), into, isNew])).toEqual([
      [[], 'place', false],
      [['full s2'], 'place', true],
      [['s3-i-s4'], 'buffer', true],
    ])
  })

  it('is thrown away where the source has gone another way', () => {
    const { datasets } = planSync(tree(dataset('', [5])), buffered(tree(), dataset('', [3])), wishes)
    expect(datasets[0]?.steps.map(shown)).toEqual(['discard', 'full s5'])
  })
})

describe('what has diverged', () => {
  const source = dataset('', [1, 2, 3])
  const [ahead, other] = [dataset('', [1, 9]), dataset('', [8])]
  const planFor = (target: SyncDataset, onDiverged: PlanWishes['onDiverged']) =>
    planSync(tree(source), tree(target), { ...wishes, onDiverged }).datasets[0]

  it('is rolled back to the last common snapshot, or nothing is done', () => {
    expect(planFor(ahead, 'rollback')).toMatchObject({ into: 'place', isNew: false })
    expect(planFor(ahead, 'rollback')?.steps.map(shown)).toEqual(['rollback s1', 's1-I-s3'])
    const broken = { ...ahead, resumeToken: '1-a-b-c' }
    expect(planFor(broken, 'rollback')?.steps.map(shown)).toEqual(['clear', 'rollback s1', 's1-I-s3'])
    expect(planFor(other, 'rollback')).toMatchObject({ conflict: 'no-common-snapshot', steps: [] })
  })

  it.each(['rename', 'replace'] as const)('is received anew, beside it, to %s it', (onDiverged) => {
    for (const target of [ahead, other, dataset('', [])]) {
      const plan = planFor(target, onDiverged)
      expect(plan).toMatchObject({ into: 'buffer', isNew: false })
      expect(plan?.replaces).toBeDefined()
      expect(plan?.steps.map(shown)).toEqual(['full s1', 's1-I-s3'])
    }
  })
})

describe('what is unchanged', () => {
  const written = (...bytes: readonly number[]) => {
    const snapshots = points(...bytes.keys()).map((point, index) => ({ ...point, writtenBytes: bytes[index] ?? 0 }))
    return dataset('', [], { snapshots })
  }
  const skipping = { ...wishes, skipUnchanged: true }
  const planFor = (source: SyncDataset, target: SyncDataset | undefined, more = skipping) =>
    planSync(tree(source), tree(...(target === undefined ? [] : [target])), more).datasets[0]

  it('is left out at the end, and only there', () => {
    const plan = planFor(written(5, 0, 7, 0, 0), dataset('', [0]))
    expect(plan?.steps.map(shown)).toEqual(['s0-I-s2'])
    expect(plan?.skipped?.name).toBe('s4')
    expect(planFor(written(5, 0, 0), dataset('', [0]))).toMatchObject({ steps: [], skipped: { name: 's2' } })
    expect(planFor(written(5, 0, 1), dataset('', [0]))?.skipped).toBeUndefined()
    expect(planFor(written(5, 0), dataset('', [0, 1]))?.skipped).toBeUndefined()
  })

  it('is sent where nobody asked to leave it out, and where it is all there is', () => {
    expect(planFor(written(5, 0), dataset('', [0]), wishes)?.steps.map(shown)).toEqual(['s0-i-s1'])
    const newest = { ...skipping, allSnapshots: false }
    expect(planFor(written(5, 0), undefined, newest)).toMatchObject({ steps: [{ kind: 'full', to: { name: 's1' } }] })
    expect(planFor(written(5, 0), undefined, newest)?.skipped).toBeUndefined()
  })
})
