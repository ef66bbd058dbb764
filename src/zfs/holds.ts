import { Failure } from '../errors.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/**
 * Keeps a snapshot from being destroyed until the hold of this tag is released. One that is there already will do: then
 * it gives false.
 */
export async function holdSnapshot(tag: string, name: string): Promise<boolean> {
  return doneUnless(/tag already exists/, runZfs('hold', tag, name))
}

/** Takes a hold back. One that is not there is no failure: then it gives false. */
export async function releaseSnapshot(tag: string, name: string): Promise<boolean> {
  return doneUnless(/no such tag/, runZfs('release', tag, name))
}

/** The tag as it is. Throws 'usage' for what is the name of a snapshot, or what zfs takes for a flag. */
export function checkedTag(tag: string): string {
  if (tag !== '' && !/^-|[@\s]/.test(tag) && Buffer.byteLength(tag) < 256) return tag
  throw new Failure('usage', `'${tag}' is no tag of a hold`, { hint: 'the tag comes first, then the snapshots' })
}

/** The tags that hold a snapshot. Undefined where ZFS does not tell whose its holds are, such as zfs-fuse. */
export async function holdTagsOf(name: string): Promise<readonly string[] | undefined> {
  try {
    return rowsOf(await runZfs('holds', '-H', name)).map(([, tag = '']) => tag)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

async function doneUnless(expected: RegExp, work: Promise<string>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof Failure && expected.test(error.message)) return false
    throw error
  }
}
