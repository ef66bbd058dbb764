import { Failure } from '../errors.ts'

/**
 * Does what keeps a snapshot from being destroyed. In a pool that is imported read-only, such as a damaged one that is being
 * saved, ZFS refuses it, and destroys nothing either: then the Failure says how to do without.
 */
export async function protecting<T>(how: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Failure && /pool is read-only/.test(error.message))) throw error
    const hint = `in a pool that is read-only nothing is destroyed: ${how} does without`
    throw new Failure(error.kind, error.message, { hint, cause: error })
  }
}
