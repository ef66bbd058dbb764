import { parentOf } from './inventory.ts'
import type { DatasetPlan } from './plan.ts'

/** 'gone': failed, and whoever did it can do no more. */
export type WorkEnd = 'done' | 'failed' | 'gone'

/** Whether the dataset above is in its place, so that this one can have its own; else it has to wait in the buffer. */
export type Work = (plan: DatasetPlan, isParentInPlace: boolean) => Promise<WorkEnd>

/**
 * Does the work for each dataset, several at the same time: those first whose parent is in its place, and nobody waits.
 * A worker may come later, or fail to come. Resolves to those that nobody was left for.
 */
export async function inOrderOfParents(
  plans: readonly DatasetPlan[],
  workers: readonly (Work | Promise<Work>)[],
): Promise<readonly DatasetPlan[]> {
  const waiting = [...plans]
  const isInPlace = new Map(plans.filter(({ isNew }) => isNew).map(({ source }) => [source.path, false]))

  function isParentInPlace({ source }: DatasetPlan): boolean {
    for (let above = parentOf(source.path); above !== undefined; above = parentOf(above))
      if (isInPlace.get(above) === false) return false
    return true
  }

  await Promise.all(
    workers.map(async (coming) => {
      const work = await Promise.resolve(coming).catch(() => undefined)
      if (work === undefined) return
      while (waiting.length > 0) {
        const [plan] = waiting.splice(Math.max(0, waiting.findIndex(isParentInPlace)), 1)
        if (plan === undefined) return
        const hasParent = isParentInPlace(plan)
        const end = await work(plan, hasParent)
        if (end === 'done' && hasParent && plan.into === 'place') isInPlace.set(plan.source.path, true)
        if (end === 'gone') return
      }
    }),
  )
  return waiting
}
