import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { inOrderOfParents, type WorkEnd } from '../../src/sync/in-order-of-parents.ts'
import type { DatasetPlan } from '../../src/sync/plan.ts'
import { dataset } from './sample-trees.ts'

const planOf = (path: string, isNew = true): DatasetPlan => ({
  source: dataset(path, [1]),
  steps: [],
  isNew,
  into: 'place',
})

/** Runs with so many workers, and tells what began and ended in which order, and what had no parent in its place. */
async function run(plans: readonly DatasetPlan[], count: number, endOf: (path: string) => WorkEnd = () => 'done') {
  const log: string[] = []
  const buffered: string[] = []
  const worker = async ({ source: { path } }: DatasetPlan, isParentInPlace: boolean) => {
    if (!isParentInPlace) buffered.push(path)
    log.push(`+${path}`)
    await sleep(10 * path.length)
    log.push(`-${path}`)
    return endOf(path)
  }
  const left = await inOrderOfParents(
    plans,
    Array.from({ length: count }, () => worker),
  )
  return { log, buffered, left: left.map(({ source }) => source.path) }
}

it('does one after the other with one worker, none without its parent', async () => {
  const { log, buffered } = await run(
    ['', '/a', '/a/x', '/bb'].map((path) => planOf(path)),
    1,
  )
  expect(log).toEqual(['+', '-', '+/a', '-/a', '+/a/x', '-/a/x', '+/bb', '-/bb'])
  expect(buffered).toEqual([])
})

it('lets nobody wait for a parent that is to come, and takes those first that have theirs', async () => {
  const plans = [planOf('', false), planOf('/a'), planOf('/a/x'), planOf('/bb'), planOf('/bb/y')]
  const { log, buffered } = await run(plans, 3)
  expect(log.slice(0, 3)).toEqual(['+', '+/a', '+/bb'])
  expect(buffered).toEqual(['/a/x', '/bb/y'])
})

it('has what is below one that failed, or is in the buffer itself, wait in the buffer', async () => {
  const plans = ['', '/a', '/a/x', '/a/x/y', '/b'].map((path) => planOf(path))
  const { log, buffered } = await run(plans, 1, (path) => (path === '/a' ? 'failed' : 'done'))
  expect(buffered).toEqual(['/a/x', '/a/x/y'])
  expect(log).toContain('-/b')
})

it('goes on without a worker that is gone, and says what nobody was left for', async () => {
  const plans = ['/a', '/b', '/c'].map((path) => planOf(path))
  expect((await run(plans, 2, (path) => (path === '/a' ? 'gone' : 'done'))).left).toEqual([])
  expect((await run(plans, 1, () => 'gone')).left).toEqual(['/b', '/c'])
})
