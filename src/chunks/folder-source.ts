import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Failure } from '../errors.ts'
import { watchMovedNames } from '../stream/moved-names.ts'
import { successorsOf } from './chunk-name.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { findFiles } from './find-file.ts'
import { isListName } from './manifest-file.ts'
import { findUnreadableName, hasOddBytes } from './name-bytes.ts'
import { putAllBack } from './set-aside.ts'

/** The plain files of a directory: not those in folders below it, hidden ones, and our own lists. */
export function watchFolder(folder: string): ChunkSource & { end(): void } {
  const moved = watchMovedNames(folder)
  let known: ReadonlyMap<string, FoundFile> = new Map()
  let watcher: FSWatcher | undefined
  let hasEnded = false
  let putBack: Promise<void> | undefined
  let flaw: Failure | undefined
  return {
    get hasEnded() {
      return hasEnded
    },
    get flaw() {
      return flaw
    },
    end() {
      hasEnded = true
    },
    async look() {
      putBack ??= putAllBack(folder)
      await putBack
      const movedNames = moved?.take() ?? []
      const names = (await readdir(folder)).filter(isChunkName)
      if (flaw === undefined && names.some(hasOddBytes)) flaw = await findUnreadableName(folder)
      const files = await findFiles(names, known, (name) => join(folder, name))
      vouch(files, new Set(movedNames))
      known = files
      return [...files.values()]
    },
    onChange(callback) {
      watcher = watch(folder, callback)
      // Whoever looks again now and then misses nothing.
      watcher.on('error', () => {})
    },
    async close() {
      watcher?.close()
      moved?.close()
    },
  }
}

/** For those that were renamed into place, or are followed by the next: as they are now, they were complete then. */
function vouch(files: Map<string, FoundFile>, moved: ReadonlySet<string>): void {
  for (const [name, file] of files) {
    if (file.isVouchedFor) continue
    const isVouchedFor = moved.has(name) || successorsOf(name).some((next) => files.has(next))
    if (isVouchedFor) files.set(name, { ...file, isVouchedFor })
  }
}

function isChunkName(name: string): boolean {
  return !name.startsWith('.') && !isListName(name) && name !== 'lost+found'
}
