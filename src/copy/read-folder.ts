import { type Dir, opendirSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { type BytePath, bytesOf, type Entry } from './entry.ts'
import { readEntries, type Unreadable } from './read-entry.ts'

export interface FolderOptions {
  /** True for a name, whatever folder it is in, that is left out with all below it. */
  isExcluded(name: BytePath): boolean
  /** True for a path, from the root, that is left out with all below it. */
  readonly isLeft?: ((path: BytePath) => boolean) | undefined
  onUnreadable(name: Unreadable): void
}

// Few, so that what is found of a slow folder need not wait for the rest.
const namesAtOnce = 128

/** What reading a folder has cost: `looks` are the calls of the system that may wait, one for each name and one more. */
export interface Cost {
  readonly ms: number
  readonly looks: number
}

/**
 * What lies in a folder, in groups; the result tells what it has cost. With `isSlow` the waits for a disk or a network are
 * had beside others', without it the looks at a folder's first names are had at once. Throws what opening the root throws.
 */
export async function* readFolder(
  root: BytePath,
  folder: BytePath,
  isSlow: boolean,
  options: FolderOptions,
): AsyncGenerator<readonly Entry[], Cost> {
  let [ms, looks, startedMs] = [0, 1, performance.now()]
  for await (const names of namesIn(root, folder, isSlow, options)) {
    const entries = await readEntries(root, pathsOf(names, folder, options), options.onUnreadable, isSlow)
    ms += performance.now() - startedMs
    looks += names.length
    if (entries.length > 0) yield entries
    startedMs = performance.now()
  }
  return { ms: ms + performance.now() - startedMs, looks }
}

/** The paths of what lies in a folder, in groups, unlooked. */
export async function* pathsIn(
  root: BytePath,
  folder: BytePath,
  options: FolderOptions,
): AsyncGenerator<readonly BytePath[]> {
  for await (const names of namesIn(root, folder, false, options)) yield pathsOf(names, folder, options)
}

function pathsOf(names: readonly BytePath[], folder: BytePath, { isExcluded, isLeft }: FolderOptions): BytePath[] {
  const paths = names.filter((name) => !isExcluded(name)).map((name) => `${folder}${name}`)
  return isLeft === undefined ? paths : paths.filter((path) => !isLeft(path))
}

async function* namesIn(
  root: BytePath,
  folder: BytePath,
  isSlow: boolean,
  options: FolderOptions,
): AsyncGenerator<readonly BytePath[]> {
  const directory = await open(root, folder, isSlow, options)
  if (directory === undefined) return
  try {
    for (;;) {
      const names = await nextNames(directory, folder, isSlow, options)
      if (names.length > 0) yield names
      if (names.length < namesAtOnce) return
    }
  } finally {
    directory.closeSync()
  }
}

/** Fewer than asked for at the end. A folder that can be read no further, as on a disk with bad blocks, keeps nobody from the others. */
async function nextNames(
  directory: Dir,
  folder: BytePath,
  isSlow: boolean,
  { onUnreadable }: FolderOptions,
): Promise<readonly BytePath[]> {
  const names: BytePath[] = []
  try {
    while (names.length < namesAtOnce) {
      const entry = isSlow ? await directory.read() : directory.readSync()
      if (entry === null) break
      names.push(entry.name)
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    onUnreadable({ path: folder.slice(0, -1) || '.', code })
  }
  return names
}

async function open(
  root: BytePath,
  folder: BytePath,
  isSlow: boolean,
  { onUnreadable }: FolderOptions,
): Promise<Dir | undefined> {
  const name = folder.slice(0, -1)
  // Node's types know no encoding but UTF-8's here.
  const path = bytesOf(`${root}/${folder}`) as unknown as string
  const options = { encoding: 'latin1', bufferSize: 256 } as const
  try {
    const directory = isSlow ? await opendir(path, options) : opendirSync(path, options)
    if (folder === '') return directory
    // A link that has come in its place since it was found would bring in what lies elsewhere.
    const [found] = await readEntries(root, [name], onUnreadable, isSlow)
    if (found?.kind === 'directory') return directory
    directory.closeSync()
    if (found !== undefined) onUnreadable({ path: name, code: 'ENOTDIR' })
    return undefined
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (folder === '') throw error
    if (code !== 'ENOENT') onUnreadable({ path: name, code })
    return undefined
  }
}
