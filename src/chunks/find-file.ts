import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FoundFile } from './chunk-source.ts'

/** Undefined if there is no plain file of that name: a symbolic link is not the file, and its removal frees nothing. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  const found = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
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
