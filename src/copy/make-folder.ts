import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../errors.ts'

/**
 * Makes a folder and those above it; what is there and is none is a Failure 'exists'. Node's own `recursive` never ends
 * below /proc, where nothing can be made.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      if (await isFolder(path)) return
      throw new Failure('exists', `${path.replace(/\/+$/, '')}: is no folder`, { cause: error })
    }
    const above = dirname(path)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    await makeFolder(above)
    await mkdir(path)
  }
}

/** Throws the system's error if nothing is there, and a Failure 'usage' if it is no folder. */
export async function expectFolder(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw new Failure('usage', `${path}: is no folder`)
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
