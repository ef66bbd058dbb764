import { Failure } from '../errors.ts'
import { runZfs } from './zfs-command.ts'

/** Keeps a snapshot from being destroyed until the hold of this tag is released. One that is there already will do. */
export async function holdSnapshot(tag: string, name: string): Promise<void> {
  await runZfs('hold', tag, name).catch(unless(/tag already exists/))
}

/** Takes a hold back. One that is not there is no failure. */
export async function releaseSnapshot(tag: string, name: string): Promise<void> {
  await runZfs('release', tag, name).catch(unless(/no such tag/))
}

function unless(expected: RegExp) {
  return (error: unknown) => {
    if (!(error instanceof Failure && expected.test(error.message))) throw error
  }
}
