import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

/** About how many bytes `zfs send` would write, given its words. Undefined where it cannot say, such as zfs-fuse. */
export async function estimateSend(words: readonly string[]): Promise<number | undefined> {
  const output = await runZfs('send', '-nP', ...words).catch((error: unknown) => {
    // What is wrong with the snapshots themselves, sending them will tell.
    if (error instanceof Failure) return ''
    throw error
  })
  const bytes = /^size\t(\d+)$/m.exec(output)?.[1]
  return bytes === undefined ? undefined : Number(bytes)
}
