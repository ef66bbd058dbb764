import { stat } from 'node:fs/promises'
import { Failure } from '../errors.ts'

/** Remembers which folder stands behind a path. */
export interface RootMark {
  /** Tells it from others that were at its path; '' for what is not of this machine. */
  readonly id: string
  /** Throws 'unavailable' if it is another one now. */
  check(): Promise<void>
}

/**
 * Of a folder of this machine. One that is unmounted while it is copied is empty then, and all in it seems to have
 * vanished; a destination that is unmounted takes what comes into the folder below.
 */
export async function markRoot(path: string | undefined): Promise<RootMark> {
  const before = path === undefined ? undefined : await inodeOf(path)
  return {
    id: before ?? '',
    async check() {
      if (path !== undefined && before !== undefined) checkSame(path, before, await inodeOf(path))
    },
  }
}

/** All of them as one. */
export function allMarks(marks: readonly RootMark[]): RootMark {
  return {
    id: marks.map(({ id }) => id).join(' '),
    async check() {
      for (const mark of marks) await mark.check()
    },
  }
}

export function checkSame(path: string, before: string, now: string | undefined): void {
  if (now === before) return
  const hint = 'look whether it was unmounted, and run the same command again'
  throw new Failure('unavailable', `${path} is another folder than when the copy began`, { hint })
}

/** `device:inode`; undefined if nothing is there. */
async function inodeOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}
