import { type Dir, opendirSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type BytePath, bytesOf, type Entry } from './entry.ts'
import { readEntries, type Unreadable } from './read-entry.ts'

export interface WalkOptions {
  /** True for a name, whatever folder it is in, that is left out with all below it. */
  isExcluded(name: BytePath): boolean
  /** True for a path, from the root, that is left out with all below it. */
  readonly isLeft?: ((path: BytePath) => boolean) | undefined
  onUnreadable(name: Unreadable): void
}

// Few, so that what is found of a slow folder need not wait for the rest.
const namesAtOnce = 128

/**
 * Everything below a folder, in groups, each folder before what it holds. Folders that are still to be read are kept in
 * memory, and nothing else. Throws what opening the root throws.
 */
export async function* walk(root: BytePath, options: WalkOptions): AsyncGenerator<readonly Entry[]> {
  const folders: BytePath[] = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const names of namesIn(root, folder, options)) {
      const paths = pathsOf(names, folder, options)
      const entries = await readEntries(root, paths, options.onUnreadable)
      for (const { path, kind } of entries) if (kind === 'directory') folders.push(`${path}/`)
      if (entries.length > 0) yield entries
      // Looking at names blocks; what copies must be heard in between.
      await nextTurn()
    }
  }
}

/** What lies at the top of a folder, each name standing for all that is below it. */
export async function* topEntries(root: BytePath, options: WalkOptions): AsyncGenerator<readonly Entry[]> {
  for (const names of namesIn(root, '', options)) {
    const entries = pathsOf(names, '', options).map(unlooked)
    if (entries.length > 0) yield entries
  }
}

function pathsOf(names: readonly BytePath[], folder: BytePath, { isExcluded, isLeft }: WalkOptions): BytePath[] {
  const paths = names.filter((name) => !isExcluded(name)).map((name) => `${folder}${name}`)
  return isLeft === undefined ? paths : paths.filter((path) => !isLeft(path))
}

// Nobody knows how much is below: each name is a part of its own.
function unlooked(path: BytePath): Entry {
  return { path, kind: 'file', bytes: 0, isSparse: false }
}

/** The names in a folder, a group at a time. */
function* namesIn(root: BytePath, folder: BytePath, options: WalkOptions): Generator<BytePath[]> {
  const directory = open(root, folder, options)
  if (directory === undefined) return
  const next = () => nextName(directory, folder, options)
  try {
    let names: BytePath[] = []
    for (let name = next(); name !== undefined; name = next()) {
      names.push(name)
      if (names.length === namesAtOnce) {
        yield names
        names = []
      }
    }
    if (names.length > 0) yield names
  } finally {
    directory.closeSync()
  }
}

/** A folder that can be read no further, as on a disk with bad blocks, keeps nobody from the others. */
function nextName(directory: Dir, folder: BytePath, { onUnreadable }: WalkOptions): BytePath | undefined {
  try {
    return directory.readSync()?.name
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    onUnreadable({ path: folder.slice(0, -1) || '.', code })
    return undefined
  }
}

function open(root: BytePath, folder: BytePath, options: WalkOptions): Dir | undefined {
  try {
    // Node's types know no encoding but UTF-8's here.
    return opendirSync(bytesOf(`${root}/${folder}`) as unknown as string, { encoding: 'latin1', bufferSize: 256 })
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (folder === '') throw error
    if (code !== 'ENOENT') options.onUnreadable({ path: folder.slice(0, -1), code })
    return undefined
  }
}
