import { Failure } from '../errors.ts'
import { type LockPlace, withLock } from '../stream/lock.ts'

/**
 * Does the work while no other program of this machine sends the same tree there. If one does, as when cron starts the next
 * run before the last has ended, that is a Failure 'retry' in one line.
 */
export async function asOnlySender(
  { tree, target }: { readonly tree: string; readonly target: string },
  place: LockPlace,
  work: () => Promise<void>,
): Promise<void> {
  let isOurs = false
  const begin = () => {
    isOurs = true
    return work()
  }
  await withLock(`sending ${tree} to ${target}`, place, begin).catch((error: unknown) => {
    if (isOurs || !(error instanceof Failure)) throw error
    throw new Failure(error.kind, error.message, { cause: error })
  })
}
