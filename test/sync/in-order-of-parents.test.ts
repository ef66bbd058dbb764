import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { inOrderOfParents, type WorkEnd } from '../../src/sync/in-order-of-parents.ts'
import type { DatasetPlan } from '../../src/sync/plan.ts'
import { dataset } from './sample-trees.ts'

const planOf = (path: string, isNew = true): DatasetPlan => ({ source: dataset(path, [1]), steps: [], isNew })

/** Runs with so many workers, and tells what began and ended in which order. */
async function run(plans: readonly DatasetPlan[], count: number, endOf: (path: string) => WorkEnd = () => 'done') {
  const log: string[] = []
  const given: string[] = []
  const worker = async ({ source: { path } }: DatasetPlan) => {
    log.push(`+${path}`)
    await sleep(path.length)
    log.push(`-${path}`)
    return endOf(path)
  }
  const left = await inOrderOfParents(
    plans,
    Array.from({ length: count }, () => worker),
    (plan, parent) => given.push(`${plan.source.path} after ${parent}`),
  )
  return { log, given, left: left.map(({ source }) => source.path) }
}

it('lets children wait for a parent that is to come, and brothers for nobody', async () => {
  const { log, given, left } = await run(
    ['', '/a', '/a/x', '/bb'].map((path) => planOf(path)),
    4,
  )
  expect(log.indexOf('-')).toBeLessThan(log.indexOf('+/a'))
  expect(log.indexOf('+/bb')).toBeLessThan(log.indexOf('-/a'))
  expect(log.indexOf('-/a')).toBeLessThan(log.indexOf('+/a/x'))
  expect([given, left]).toEqual([[], []])
})

it('lets none wait for a parent that is there', async () => {
  const { log } = await run([planOf('', false), planOf('/a', false), planOf('/b')], 3)
  expect(log.slice(0, 3)).toEqual(['+', '+/a', '+/b'])
})

it('gives up what is below one that failed, and does the rest', async () => {
  const plans = ['', '/a', '/a/x', '/a/x/y', '/b'].map((path) => planOf(path))
  const { log, given } = await run(plans, 2, (path) => (path === '/a' ? 'failed' : 'done'))
  expect(given).toEqual(['/a/x after /a', '/a/x/y after /a/x'])
  expect(log).toContain('-/b')
})

it('goes on without a worker that is gone, and says what nobody was left for', async () => {
  const plans = ['/a', '/b', '/c'].map((path) => planOf(path))
  expect((await run(plans, 2, (path) => (path === '/a' ? 'gone' : 'done'))).left).toEqual([])
  expect((await run(plans, 1, () => 'gone')).left).toEqual(['/b', '/c'])
})
