import { randomBytes } from 'node:crypto'
import { link, mkdtemp, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

/*
 * Between a look at a file and its removal by name another may get the name, and would be removed unseen. So files are
 * moved into a folder beside them first: what is looked at there is what is removed, and nobody opens it by its name. A
 * full disk has no room for a folder, and most of all then something has to be removed: there they get other names.
 *
 *   .chunkwatch.removing-XXXXXX/NAME
 *   .chunkwatch.removing-<16 digits>.NAME      on a full disk
 */
const prefix = '.chunkwatch.removing-'

export interface AsideFolder {
  /** The new path of a file, or undefined if it has gone. */
  take(path: string): Promise<string | undefined>
  /** Gives a file its name again. If another has the name by now, the file stays until `putAllBack` finds the name free. */
  putBack(aside: string): Promise<void>
  /** Removes the folder if there is nothing in it. */
  close(): Promise<void>
}

/** Makes a place for files of a directory. */
export async function openAside(directory: string): Promise<AsideFolder> {
  const folder = await mkdtemp(join(directory, prefix)).catch(ifFull)
  const random = randomBytes(8).toString('hex')
  const asideOf = (name: string) =>
    folder === undefined ? join(directory, `${prefix}${random}.${name}`) : join(folder, name)
  const places = new Map<string, string>()
  return {
    async take(path) {
      const aside = asideOf(basename(path))
      places.set(aside, path)
      const error = await rename(path, aside).catch((reason: NodeJS.ErrnoException) => reason)
      if (error === undefined) return aside
      if (error.code === 'ENOENT') return undefined
      throw error
    },
    putBack: (aside) => giveName(aside, places.get(aside) ?? aside),
    async close() {
      if (folder !== undefined) await rmdir(folder).catch(() => {})
    },
  }
}

function ifFull(error: NodeJS.ErrnoException): undefined {
  if (!['ENOSPC', 'EDQUOT'].includes(error.code ?? '')) throw error
}

/** Puts back what a killed program left aside in a directory. */
export async function putAllBack(directory: string): Promise<void> {
  for (const aside of (await readdir(directory).catch(() => [])).filter((name) => name.startsWith(prefix))) {
    const path = join(directory, aside)
    const [, name] = /^[0-9a-f]{16}\.(.+)$/s.exec(aside.slice(prefix.length)) ?? []
    if (name === undefined) await emptyFolder(path, directory)
    else await giveName(path, join(directory, name))
  }
}

async function emptyFolder(folder: string, directory: string): Promise<void> {
  for (const name of await readdir(folder)) await giveName(join(folder, name), join(directory, name))
  await rmdir(folder).catch(() => {})
}

/** Unlike rename(2), link(2) takes nobody's name. */
async function giveName(from: string, to: string): Promise<void> {
  try {
    await link(from, to).catch(withoutLinks(from, to))
    await unlink(from)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** For file systems that have no links. */
function withoutLinks(from: string, to: string) {
  return async (error: NodeJS.ErrnoException) => {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(error.code ?? '')) throw error
    const isFree = await stat(to).then(
      () => false,
      () => true,
    )
    if (isFree) await rename(from, to)
    throw Object.assign(new Error(`${to}: exists`), { code: 'EEXIST' })
  }
}
