import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BytePath, Entry } from './entry.ts'
import { ReadAhead } from './read-ahead.ts'
import { type FolderOptions, pathsIn } from './read-folder.ts'

/**
 * Everything below a folder, in groups, each folder before what it holds, and what lies in one without a break. Folders
 * that are still to be read are kept in memory, and little else. Throws what opening the root throws.
 */
export async function* walk(root: BytePath, options: FolderOptions): AsyncGenerator<readonly Entry[]> {
  const ahead = new ReadAhead(root, options)
  try {
    for (let entries = await ahead.next(); entries !== undefined; entries = await ahead.next()) {
      yield entries
      // Looking at names blocks; what copies must be heard in between.
      await nextTurn()
    }
  } finally {
    ahead.close()
  }
}

/** What lies at the top of a folder, each name standing for all that is below it. */
export async function* topEntries(root: BytePath, options: FolderOptions): AsyncGenerator<readonly Entry[]> {
  for await (const paths of pathsIn(root, '', options)) if (paths.length > 0) yield paths.map(unlooked)
}

// Nobody knows how much is below: each name is a part of its own.
function unlooked(path: BytePath): Entry {
  return { path, kind: 'file', bytes: 0, isSparse: false }
}
