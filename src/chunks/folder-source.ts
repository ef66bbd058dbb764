import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { watchMovedNames } from '../stream/moved-names.ts'
import { isSame, type Sight } from './chunk-life.ts'
import { successorsOf } from './chunk-name.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { manifestName, md5Name } from './manifest-file.ts'

/** The plain files of a directory: not those in folders below it, hidden ones, and our own lists. */
export function watchFolder(folder: string): ChunkSource & { end(): void } {
  const moved = watchMovedNames(folder)
  const vouched = new Map<string, Sight>()
  let watcher: FSWatcher | undefined
  let hasEnded = false
  return {
    get hasEnded() {
      return hasEnded
    },
    end() {
      hasEnded = true
    },
    async look() {
      const movedNames = new Set(moved?.take())
      const names = (await readdir(folder)).filter(isChunkName)
      const all = new Set(names)
      const files: FoundFile[] = []
      for (const name of names) {
        const file = await findFile(join(folder, name))
        if (file === undefined) continue
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
  return !name.startsWith('.') && name !== manifestName && name !== md5Name && name !== 'lost+found'
}

/** Undefined if there is no plain file of that name. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!found?.isFile()) return undefined
  return {
    path,
    name: basename(path),
    size: Number(found.size),
    mtimeNs: found.mtimeNs,
    inode: found.ino,
    device: found.dev,
    userId: Number(found.uid),
    groupId: Number(found.gid),
    mode: Number(found.mode),
    isVouchedFor: false,
    isNamed: false,
  }
}
