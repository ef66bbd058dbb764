import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

export interface TreeOption {
  /** The snapshot of that name of every dataset below, too. */
  readonly isRecursive: boolean
}

// Linux takes 2 MiB of arguments and environment where the stack may have 8 MiB, and each argument costs a pointer more.
const mostArgumentBytes = 1_500_000

/**
 * Takes these snapshots of one pool, dataset@snapshot each, at one instant: all of them, or none. Throws 'exists' if one
 * is there, 'unavailable' if a dataset is not, 'usage' for a name that ZFS refuses.
 */
export async function takeSnapshots(names: readonly string[], { isRecursive }: TreeOption): Promise<void> {
  const bytes = names.reduce((sum, name) => sum + Buffer.byteLength(name) + 9, 0)
  if (bytes > mostArgumentBytes)
    throw new Failure('usage', `${names.length} snapshots are too many for one call of zfs`, {
      hint: 'name the dataset above them, with --recursive',
    })
  try {
    await runZfs('snapshot', ...(isRecursive ? ['-r'] : []), ...names)
  } catch (error) {
    // OpenZFS has taken several since 2013; zfs-fuse has not.
    if (names.length === 1 || !(error instanceof Failure && error.message.includes('too many arguments'))) throw error
    throw new Failure(
      'unavailable',
      `this zfs takes one snapshot at a time, and ${names.length} are to be of one instant`,
      {
        hint: 'name one dataset; with --recursive, those below are taken at the same instant',
        cause: error,
      },
    )
  }
}

/** Holds these snapshots with a tag: while one has a hold, ZFS does not destroy it. */
export async function holdSnapshots(tag: string, names: readonly string[], { isRecursive }: TreeOption): Promise<void> {
  await runZfs('hold', ...(isRecursive ? ['-r'] : []), tag, ...names)
}
