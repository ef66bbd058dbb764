import { randomBytes } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Output } from './output.ts'

/** A file that appears under its name only when it is whole. */
export interface AtomicFile extends Output {
  /** Makes it durable and gives it its name, over a file that has it. */
  commit(): Promise<void>
  abandon(): Promise<void>
}

export async function createAtomicFile(path: string, signal?: AbortSignal): Promise<AtomicFile> {
  const directory = dirname(path)
  const temporary = join(directory, `.${basename(path)}.${randomBytes(4).toString('hex')}.part`)
  const handle = await open(temporary, 'wx')
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        signal?.throwIfAborted()
        done += (await handle.write(bytes, done)).bytesWritten
      }
    },
    async commit() {
      await handle.sync()
      await handle.close()
      await rename(temporary, path)
      const names = await open(directory, 'r')
      await names.sync()
      await names.close()
    },
    async abandon() {
      await handle.close().catch(() => {})
      await unlink(temporary).catch(() => {})
    },
  }
}
