import { parentOf } from './inventory.ts'
import type { DatasetPlan } from './plan.ts'

/** 'gone': failed, and whoever did it can do no more. */
export type WorkEnd = 'done' | 'failed' | 'gone'

/**
 * Does the work for each dataset, several at the same time; none before those above it that the receiver has yet to make.
 * What waits for one that failed goes to `giveUp`. Resolves to those that nobody was left for.
 */
export async function inOrderOfParents(
  plans: readonly DatasetPlan[],
  workers: readonly ((plan: DatasetPlan) => Promise<WorkEnd>)[],
  giveUp: (plan: DatasetPlan, parent: string) => void,
): Promise<readonly DatasetPlan[]> {
  const waiting = [...plans]
  const isDone = new Map<string, boolean>()
  const isNew = new Map(plans.map((plan) => [plan.source.path, plan.isNew]))
  const change = new Change()

  /** The nearest dataset above that is to be made first. */
  function parentToCome(path: string): string | undefined {
    let above = parentOf(path)
    while (above !== undefined && isNew.get(above) !== true) above = parentOf(above)
    return above
  }

  function takeReady(): DatasetPlan | undefined {
    for (const plan of [...waiting]) {
      const parent = parentToCome(plan.source.path)
      const isParentDone = parent === undefined || isDone.get(parent)
      if (isParentDone === undefined) continue
      waiting.splice(waiting.indexOf(plan), 1)
      if (isParentDone) return plan
      isDone.set(plan.source.path, false)
      giveUp(plan, parent ?? '')
    }
    return undefined
  }

  await Promise.all(
    workers.map(async (work) => {
      while (waiting.length > 0) {
        const next = change.next()
        const plan = takeReady()
        if (plan === undefined) {
          if (waiting.length > 0) await next
          continue
        }
        const end = await work(plan)
        isDone.set(plan.source.path, end === 'done')
        change.tell()
        if (end === 'gone') return
      }
    }),
  )
  return waiting
}

/** Something changed: whoever waits looks again. */
class Change {
  #waiting: (() => void)[] = []

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
