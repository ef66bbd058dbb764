import { link, mkdtemp, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

/*
 * Between a look at a file and its removal by name another may get the name, and would be removed unseen. So files are
 * moved into a folder beside them first: what is looked at there is what is removed, and nobody opens it by its name.
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

/** Makes a folder for files of a directory. */
export async function openAside(directory: string): Promise<AsideFolder> {
  const folder = await mkdtemp(join(directory, prefix))
  return {
    async take(path) {
      const aside = join(folder, basename(path))
      const error = await rename(path, aside).catch((reason: NodeJS.ErrnoException) => reason)
      if (error === undefined) return aside
      if (error.code === 'ENOENT') return undefined
      throw error
    },
    putBack: (aside) => giveName(aside, join(directory, basename(aside))),
    close: () => rmdir(folder).catch(() => {}),
  }
}

/** Puts back what a killed program left aside in a directory. */
export async function putAllBack(directory: string): Promise<void> {
  const folders = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith(prefix))
  for (const folder of folders.map((name) => join(directory, name))) {
    for (const name of await readdir(folder)) await giveName(join(folder, name), join(directory, name))
    await rmdir(folder).catch(() => {})
  }
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
