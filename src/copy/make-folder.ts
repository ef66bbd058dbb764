import { stat } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { makeFolders } from '../stream/make-folders.ts'

/** Makes a folder and those above it; what is there and is none is a Failure 'exists'. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolders(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error
    throw new Failure('exists', `${path.replace(/\/+$/, '')}: is no folder`, { cause: error })
  })
}

/** Throws the system's error if nothing is there, and a Failure 'usage' if it is no folder. */
export async function expectFolder(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw new Failure('usage', `${path}: is no folder`)
}
