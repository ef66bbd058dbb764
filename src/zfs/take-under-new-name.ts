import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { takeSnapshots } from './take-snapshots.ts'

export interface NewName {
  /** What is after the `@`, for a snapshot taken at this instant. */
  readonly nameAt: (instant: Date) => Promise<string> | string
  readonly isRecursive: boolean
}

// As many of one second as would have to come at once for the last of them to give up.
const tries = 20

/**
 * Takes a snapshot of each dataset at one instant, all of one name, and gives the name. If it is taken already, as by a
 * run in the same second, waits for the next second and its name. Throws 'exists' if that has the same name.
 */
export async function takeUnderNewName(datasets: readonly string[], { nameAt, isRecursive }: NewName): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const name = await nameAt(new Date())
    try {
      await takeSnapshots(
        datasets.map((dataset) => `${dataset}@${name}`),
        { isRecursive },
      )
      return name
    } catch (error) {
      if (!(error instanceof Failure && error.kind === 'exists') || attempt === tries) throw error
      const toNextSecondMs = 1000 - (Date.now() % 1000)
      if ((await nameAt(new Date(Date.now() + toNextSecondMs))) === name) throw error
      await sleep(toNextSecondMs)
    }
  }
}
