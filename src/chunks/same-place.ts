import { unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { removeLeftovers, temporaryBeside, type Writer } from '../stream/atomic-file.ts'

/** Throws 'usage' if a folder is where the store's objects are; each folder is looked at once. */
export function samePlaceGuard(
  store: Store,
  keyOf: (name: string) => string,
  writer: Writer,
): (folder: string) => Promise<void> {
  const looks = new Map<string, Promise<void>>()
  return (folder) => {
    const look = looks.get(folder) ?? refuseSamePlace(folder, store, keyOf, writer)
    looks.set(folder, look)
    // What failed otherwise is tried again.
    look.catch((error: unknown) => !isUsage(error) && looks.delete(folder))
    return look
  }
}

/** There each chunk would prove itself, and be removed with its only copy. */
async function refuseSamePlace(
  folder: string,
  store: Store,
  keyOf: (name: string) => string,
  writer: Writer,
): Promise<void> {
  const final = join(folder, 'chunkwatch')
  const path = temporaryBeside(final, writer)
  try {
    await writeFile(path, '', { flag: 'wx' })
  } catch (error) {
    // Where nothing can be made, nothing can be removed.
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return
    throw error
  }
  try {
    await removeLeftovers(final, writer)
    if ((await store.describe(keyOf(basename(path)))) === undefined) return
    throw new Failure('usage', `${store.urlOf(keyOf(''))}: is ${folder} itself, which the chunks are removed from`)
  } finally {
    await unlink(path).catch(() => {})
  }
}

function isUsage(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'usage'
}
