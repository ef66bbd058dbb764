import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Failure } from '../errors.ts'
import { watchMovedNames } from '../stream/moved-names.ts'
import { isSame, type Sight } from './chunk-life.ts'
import { successorsOf } from './chunk-name.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { findFiles } from './find-file.ts'
import { isListName } from './manifest-file.ts'
import { findUnreadableName, hasOddBytes } from './name-bytes.ts'
import { putAllBack } from './set-aside.ts'

/** The plain files of a directory: not those in folders below it, hidden ones, and our own lists. */
export function watchFolder(folder: string): ChunkSource & { end(): void } {
  const moved = watchMovedNames(folder)
  const vouched = new Map<string, Sight>()
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
      const found = await findFiles(names.map((name) => join(folder, name)))
      return vouchedFor(found, names, movedNames, vouched)
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

/** Those that are there. `vouched` has those that were renamed into place, as they were seen after it. */
function vouchedFor(
  found: readonly (FoundFile | undefined)[],
  names: readonly string[],
  moved: readonly string[],
  vouched: Map<string, Sight>,
): readonly FoundFile[] {
  const [all, movedNames] = [new Set(names), new Set(moved)]
  for (const name of vouched.keys()) if (!all.has(name)) vouched.delete(name)
  return found.flatMap((file) => {
    if (file === undefined) return []
    const { name } = file
    if (movedNames.has(name)) vouched.set(name, file)
    const wasMoved = isSame(vouched.get(name) ?? nothing, file)
    return [{ ...file, isVouchedFor: wasMoved || successorsOf(name).some((next) => all.has(next)) }]
  })
}

const nothing: Sight = { size: -1, mtimeNs: 0n, inode: 0n }

function isChunkName(name: string): boolean {
  return !name.startsWith('.') && !isListName(name) && name !== 'lost+found'
}
