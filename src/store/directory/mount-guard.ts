import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../../errors.ts'

/**
 * Asked again and again, throws 'unavailable' once a disk that was mounted at this directory is there no more: what came
 * then would lie where the disk is to be, and be hidden when it is back.
 */
export function mountGuard(root: string): () => Promise<void> {
  let wasMounted = false
  return async () => {
    const isMounted = await isMountPoint(root)
    wasMounted ||= isMounted === true
    if (!wasMounted || isMounted !== false) return
    throw new Failure('unavailable', `${root}: is no mount point any more`, { hint: 'mount its disk' })
  }
}

/** Undefined if it is not there. */
async function isMountPoint(directory: string): Promise<boolean | undefined> {
  const [own, above] = await Promise.all(
    [directory, dirname(directory)].map((each) => stat(each).catch(() => undefined)),
  )
  return own && above && own.dev !== above.dev
}
