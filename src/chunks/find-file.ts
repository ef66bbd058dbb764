import { type BigIntStats, lstatSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate as others } from 'node:timers/promises'
import type { FoundFile } from './chunk-source.ts'

// What takes longer waits for a disk or a network, or for a processor.
const slowMs = 0.2
const filesAtOnce = 100

/** Undefined if there is no plain file of that name: a symbolic link is not the file, and its removal frees nothing. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  const found = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return foundFile(path, found)
}

/**
 * The same for many, in their order. A name that is in memory is looked at in microseconds, and a thread of the pool takes
 * ten times as long: only after a slow one they are asked.
 */
export async function findFiles(paths: readonly string[]): Promise<readonly (FoundFile | undefined)[]> {
  const files: (FoundFile | undefined)[] = []
  let isSlow = false
  for (const path of paths) {
    if (files.length % filesAtOnce === 0) await others()
    const beganMs = performance.now()
    files.push(isSlow ? await findFile(path) : foundFile(path, lookNow(path)))
    isSlow ||= performance.now() - beganMs > slowMs
  }
  return files
}

function lookNow(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}

function foundFile(path: string, found: BigIntStats | undefined): FoundFile | undefined {
  if (!found?.isFile()) return undefined
  return {
    path,
    name: basename(path),
    size: Number(found.size),
    mtimeNs: found.mtimeNs,
    inode: found.ino,
    device: found.dev,
    userId: Number(found.uid),
    groupId: Number(found.gid),
    mode: Number(found.mode),
    isVouchedFor: false,
    isNamed: false,
  }
}
