import { Failure } from '../errors.ts'
import { isUnknownToZfs, runZfs } from './zfs-command.ts'

/**
 * About how many bytes `zfs send` would write, given its words. Undefined where it cannot say, such as zfs-fuse. Throws
 * what the sending would: 'unavailable' without the snapshot, 'permission'.
 */
export async function estimateSend(words: readonly string[]): Promise<number | undefined> {
  const output = await runZfs('send', '-nP', ...words).catch((error: unknown) => {
    if (isUnknownToZfs(error) || isWithoutEstimate(error)) return ''
    throw error
  })
  const bytes = /^size\t(\d+)$/m.exec(output)?.[1]
  return bytes === undefined ? undefined : Number(bytes)
}

/** As of a bookmark where ZFS is old: `warning: cannot estimate space for …`. */
function isWithoutEstimate(error: unknown): boolean {
  return error instanceof Failure && /cannot estimate space/.test(error.message)
}
