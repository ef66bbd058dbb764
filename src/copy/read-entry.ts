import { lstatSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { type BytePath, bytesOf, type Entry, type EntryKind } from './entry.ts'

/** A name that is there and cannot be looked at. */
export interface Unreadable {
  readonly path: BytePath
  /** Such as EACCES. */
  readonly code: string
}

// What a local disk's cache answers takes microseconds; what takes longer than this waits for a disk or a network, and
// the waits are better had at the same time.
export const slowMs = 0.2
// How many are looked at before the time that each takes is judged.
const probeCount = 16

/**
 * Looks at names of one folder; `isSlow` if they are known to wait for a disk or a network. What has gone meanwhile is left
 * out; what cannot be looked at goes to `onUnreadable`.
 */
export async function readEntries(
  root: BytePath,
  paths: readonly BytePath[],
  onUnreadable: (name: Unreadable) => void,
  isSlow = false,
): Promise<Entry[]> {
  const entries: Entry[] = []
  const add = (path: BytePath, look: Stats | NodeJS.ErrnoException | undefined) => {
    if (look === undefined) return
    if (look instanceof Error) onUnreadable({ path, code: look.code ?? look.message })
    else entries.push(entryOf(path, look))
  }
  const startedMs = performance.now()
  const probed = isSlow ? 0 : probeCount
  for (const path of paths.slice(0, probed)) add(path, lookNow(root, path))
  const rest = paths.slice(probed)
  if (!isSlow && performance.now() - startedMs < slowMs * probeCount)
    for (const path of rest) add(path, lookNow(root, path))
  else for (const [path, look] of await Promise.all(rest.map((path) => lookLater(root, path)))) add(path, look)
  return entries
}

function entryOf(path: BytePath, stats: Stats): Entry {
  const kind = kindOf(stats)
  const isFile = kind === 'file'
  return {
    path,
    kind,
    bytes: isFile ? stats.size : 0,
    sharedInode: kind !== 'directory' && stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : undefined,
    isSparse: isFile && stats.blocks * 512 < stats.size,
  }
}

function kindOf(stats: Stats): EntryKind {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'special'
}

function lookNow(root: BytePath, path: BytePath): Stats | NodeJS.ErrnoException | undefined {
  try {
    return lstatSync(bytesOf(`${root}/${path}`), { throwIfNoEntry: false })
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

async function lookLater(root: BytePath, path: BytePath) {
  const look = await lstat(bytesOf(`${root}/${path}`)).catch((error: NodeJS.ErrnoException) => error)
  const isGone = look instanceof Error && look.code === 'ENOENT'
  return [path, isGone ? undefined : look] as const
}
