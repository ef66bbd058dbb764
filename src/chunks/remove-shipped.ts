import { unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isSame } from './chunk-life.ts'
import type { FoundFile } from './chunk-source.ts'
import type { ChunkTable } from './chunk-table.ts'
import { findFile } from './find-file.ts'
import { findOpenFiles, type OpenFiles } from './open-files.ts'
import { openAside } from './set-aside.ts'

// To give back a large file's memory or blocks takes the system a while.
const removedAtOnce = 32

/** Removes what the store has and the lists say, unless a process writes to it, it was changed, or it is still wanted. */
export async function removeShipped(table: ChunkTable, isWanted: (file: FoundFile) => boolean): Promise<void> {
  const shipped = table.files.filter((file) => {
    const chunk = table.chunks.get(file.path)
    return chunk?.stage === 'recorded' && isSame(chunk.sight, file) && !table.mayBeOpen(file) && !isWanted(file)
  })
  for (const directory of new Set(shipped.map(({ path }) => dirname(path)))) {
    const files = shipped.filter(({ path }) => dirname(path) === directory)
    table.forget(await removeFrom(directory, files, table))
  }
}

/** Those that were removed. */
async function removeFrom(directory: string, files: readonly FoundFile[], table: ChunkTable) {
  const gone = new Set<FoundFile>()
  const taken = new Map<FoundFile, string>()
  const aside = await openAside(directory)
  try {
    for (const file of files) {
      const path = await aside.take(file.path)
      if (path !== undefined) taken.set(file, path)
    }
    // A process that opened one since the last look has it open now.
    const open = await findOpenFiles()
    const all = [...taken]
    for (let index = 0; index < all.length; index += removedAtOnce) {
      const some = all.slice(index, index + removedAtOnce)
      const removals = await Promise.allSettled(
        some.map(async ([file, path]) => {
          if (!(await mayBeRemoved(file, path, table, open))) return
          await unlink(path)
          taken.delete(file)
          gone.add(file)
        }),
      )
      for (const removal of removals) if (removal.status === 'rejected') throw removal.reason
    }
  } finally {
    for (const path of taken.values()) await aside.putBack(path)
    await aside.close()
  }
  return gone
}

async function mayBeRemoved(file: FoundFile, path: string, table: ChunkTable, open: OpenFiles): Promise<boolean> {
  const now = await findFile(path)
  return now !== undefined && isSame(now, file) && !table.mayBeOpen(file, open)
}
