import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

const [tries, againMs] = [50, 100]

/** The same as `runZfs`, tried again for some seconds while it says busy: a dataset that was just written or mounted may be. */
export async function runZfsWhenFree(...words: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runZfs(...words)
    } catch (error) {
      const isBusy = error instanceof Failure && /is busy/.test(error.message)
      if (!isBusy || attempt === tries) throw error
      await sleep(againMs)
    }
  }
}
