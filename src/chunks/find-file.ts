import { type BigIntStats, lstatSync } from 'node:fs'
import { lstat, statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setImmediate as others } from 'node:timers/promises'
import { isSame } from './chunk-life.ts'
import type { FoundFile } from './chunk-source.ts'

// What takes longer waits for a disk or a network, or for a processor.
const slowMs = 0.2
const filesAtOnce = 100
// ext4, XFS, Btrfs, ZFS, F2FS, tmpfs, overlayfs: statfs(2). Behind all others there may be a server that hangs.
const ownDisks = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630])

/** Undefined if there is no plain file of that name: a symbolic link is not the file, and its removal frees nothing. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  return foundFile(path, await lookAt(path))
}

/**
 * The same for many, by their names, in their order. One that is as it was `before` is the same again: of very many files
 * nothing is kept twice. A name that is in memory is looked at in microseconds, and a thread of the pool takes ten times as
 * long: they are asked only where a name may be elsewhere, or after a slow one. A look that hangs must hold up no signal.
 */
export async function findFiles(
  names: readonly string[],
  before: ReadonlyMap<string, FoundFile>,
  pathOf: (name: string) => string,
): Promise<Map<string, FoundFile>> {
  const files = new Map<string, FoundFile>()
  const ownFolders = new Map<string, boolean>()
  let isSlow = false
  for (const [index, name] of names.entries()) {
    if (index % filesAtOnce === 0) await others()
    const known = before.get(name)
    const path = known?.path ?? pathOf(name)
    const folder = dirname(path)
    const isOwn = ownFolders.get(folder) ?? (await isOnOwnDisk(folder))
    ownFolders.set(folder, isOwn)
    const beganMs = performance.now()
    const found = isOwn && !isSlow ? lookNow(path) : await lookAt(path)
    isSlow ||= performance.now() - beganMs > slowMs
    const file = foundFile(path, found, known)
    if (file !== undefined) files.set(name, file)
  }
  return files
}

async function isOnOwnDisk(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => undefined)
  return found !== undefined && ownDisks.has(found.type)
}

function lookAt(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

function lookNow(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}

function foundFile(path: string, found: BigIntStats | undefined, known?: FoundFile): FoundFile | undefined {
  if (!found?.isFile()) return undefined
  const file = {
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
  if (known === undefined || !isSame(known, file)) return file
  const isAsKnown = (['device', 'userId', 'groupId', 'mode'] as const).every((field) => known[field] === file[field])
  return isAsKnown ? known : { ...file, isVouchedFor: known.isVouchedFor, isNamed: known.isNamed }
}
