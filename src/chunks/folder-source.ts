import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { watchMovedNames } from '../stream/moved-names.ts'
import { isSame, type Sight } from './chunk-life.ts'
import { successorsOf } from './chunk-name.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { findFiles } from './find-file.ts'
import { isListName } from './manifest-file.ts'
import { putAllBack } from './set-aside.ts'

/** The plain files of a directory: not those in folders below it, hidden ones, and our own lists. */
export function watchFolder(folder: string): ChunkSource & { end(): void } {
  const moved = watchMovedNames(folder)
  const vouched = new Map<string, Sight>()
  let watcher: FSWatcher | undefined
  let hasEnded = false
  let putBack: Promise<void> | undefined
  return {
    get hasEnded() {
      return hasEnded
    },
    end() {
      hasEnded = true
    },
    async look() {
      putBack ??= putAllBack(folder)
      await putBack
      const movedNames = new Set(moved?.take())
      const names = (await readdir(folder)).filter(isChunkName)
      const all = new Set(names)
      const files: FoundFile[] = []
      for (const file of await findFiles(names.map((name) => join(folder, name)))) {
        if (file === undefined) continue
        const { name } = file
        if (movedNames.has(name)) vouched.set(name, file)
        const wasMoved = isSame(vouched.get(name) ?? nothing, file)
        files.push({ ...file, isVouchedFor: wasMoved || successorsOf(name).some((next) => all.has(next)) })
      }
      for (const name of vouched.keys()) if (!all.has(name)) vouched.delete(name)
      return files
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

const nothing: Sight = { size: -1, mtimeNs: 0n, inode: 0n }

function isChunkName(name: string): boolean {
  return !name.startsWith('.') && !isListName(name) && name !== 'lost+found'
}
