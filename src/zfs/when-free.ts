import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

const [tries, againMs] = [50, 100]

/** The same as `runZfs`, tried again for some seconds while it says busy: what was just unmounted or received may be. */
export async function runZfsWhenFree(...words: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runZfs(...words)
    } catch (error) {
      if (!isBusy(error) || attempt === tries) throw error
      await sleep(againMs)
    }
  }
}

/** Whether zfs refused because something is busy. */
export function isBusy(error: unknown): boolean {
  return error instanceof Failure && /is busy/.test(error.message)
}
