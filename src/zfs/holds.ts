import { Failure } from '../errors.ts'
import { mostNames, rowsOf, runZfs, runZfsBut } from './zfs-command.ts'

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

/** Holds many by few calls. One that is held so already will do. What fails may leave the others held. */
export function holdEach(tag: string, names: readonly string[]): Promise<void> {
  return inFewCalls(names, (some) => runZfsBut(/tag already exists/, 'hold', tag, ...some))
}

/** Releases many by few calls. One that is not held so, or is gone, is no failure. */
export function releaseEach(tag: string, names: readonly string[]): Promise<void> {
  return inFewCalls(names, (some) => runZfsBut(/no such tag|does not exist/, 'release', tag, ...some))
}

// zfs takes one name after the other, and waits for a disk each time; calls at the same time wait together.
const callsAtOnce = 4

async function inFewCalls(
  names: readonly string[],
  call: (some: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const share = Math.ceil(names.length / callsAtOnce)
  const shares = Array.from({ length: callsAtOnce }, (_, at) => names.slice(at * share, (at + 1) * share))
  await Promise.all(
    shares.map(async (its) => {
      for (let at = 0; at < its.length; at += mostNames) await call(its.slice(at, at + mostNames))
    }),
  )
}

/** The tag as it is. Throws 'usage' for what is the name of a snapshot, or what zfs takes for a flag. */
export function checkedTag(tag: string, hint = 'the tag comes first, then the snapshots'): string {
  if (tag !== '' && !/^-|[@\s]/.test(tag) && Buffer.byteLength(tag) < 256) return tag
  throw new Failure('usage', `'${tag}' is no tag of a hold`, { hint })
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
