import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import { missingRoot } from './durable.ts'

/** A file in the store's directory: the folder's key prefix (`tank/` or empty) and the file's own name. */
export interface Found {
  readonly prefix: string
  readonly name: string
}

/**
 * All files whose path below `root` begins with `prefix`, by name within each folder. A missing folder is empty, but not
 * a missing `root`: its disk may not be mounted, and that is 'unavailable'. Links are followed, as they are by whoever
 * asks for a name behind one; not back to where a link has led already.
 */
export async function* walk(root: string, prefix: string): AsyncGenerator<Found> {
  const slash = prefix.lastIndexOf('/') + 1
  const linked = [await realpathOfRoot(root)]
  yield* walkFolder({ root, prefix, linked }, prefix.slice(0, slash))
}

async function realpathOfRoot(root: string): Promise<string> {
  try {
    // With the slash a plain file is none.
    return await realpath(`${root}/`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') throw new Failure('unavailable', `${root}: not a directory`)
    throw code === 'ENOENT' ? missingRoot(root) : error
  }
}

interface Walking {
  readonly root: string
  readonly prefix: string
  /** The root itself, and where the links of the way here have led. */
  readonly linked: readonly string[]
}

async function* walkFolder(walking: Walking, folder: string): AsyncGenerator<Found> {
  const { root, prefix } = walking
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  for (const entry of entries) {
    const path = folder + entry.name
    // On the root of a disk; for root alone to look into.
    if (path === 'lost+found') continue
    const isOnTheWay = `${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)
    const target = await targetOf(entry, join(root, path))
    if (target?.isDirectory() && isOnTheWay) {
      const linked = entry.isSymbolicLink() ? await linkedBy(walking, folder, entry.name) : walking.linked
      if (linked !== undefined) yield* walkFolder({ ...walking, linked }, `${path}/`)
    } else if (target?.isFile()) yield { prefix: folder, name: entry.name }
  }
}

/** Undefined for a link that leads nowhere. */
async function targetOf(entry: Dirent, path: string): Promise<Pick<Dirent, 'isDirectory' | 'isFile'> | undefined> {
  if (!entry.isSymbolicLink()) return entry
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return undefined
    throw error
  })
}

/** With the folder that this link leads to; undefined if that is above it, or was come through before. */
async function linkedBy({ root, linked }: Walking, folder: string, name: string) {
  const [here, there] = await Promise.all([realpath(join(root, folder)), realpath(join(root, folder, name))])
  const isAbove = `${here}/`.startsWith(there === '/' ? there : `${there}/`)
  return isAbove || linked.includes(there) ? undefined : [...linked, there]
}
