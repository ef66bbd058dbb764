import { randomBytes } from 'node:crypto'
import { open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../errors.ts'
import { aboutFile } from './about-file.ts'
import type { Output } from './output.ts'

/** A file that appears under its name only when it is whole. */
export interface AtomicFile extends Output {
  /** After `flush`: gives it its name, over a file that has it. */
  commit(): Promise<void>
  abandon(): Promise<void>
}

/** Opens a temporary file beside `path`. A path that is something else than a file is a Failure 'exists'. */
export async function createAtomicFile(path: string, signal?: AbortSignal): Promise<AtomicFile> {
  const final = await finalPath(path)
  const temporary = join(dirname(final), `.${basename(final)}.${randomBytes(4).toString('hex')}.part`)
  const handle = await open(temporary, 'wx')
  const named = aboutFile(path)
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        signal?.throwIfAborted()
        done += (await handle.write(bytes, done).catch(named)).bytesWritten
      }
    },
    flush: () => handle.sync().catch(named),
    async commit() {
      await handle.close()
      await rename(temporary, final)
      await syncNames(dirname(final))
    },
    async abandon() {
      await handle.close().catch(() => {})
      await unlink(temporary).catch(() => {})
    },
  }
}

/** Behind symbolic links. A device must not be replaced by a file. */
async function finalPath(path: string): Promise<string> {
  const final = await realpath(path).catch(() => path)
  const found = await stat(final).catch(() => undefined)
  if (found === undefined || found.isFile()) return final
  throw new Failure('exists', `${path}: is no file`, { hint: 'redirect stdout to write to a device or a pipe' })
}

async function syncNames(directory: string): Promise<void> {
  const names = await open(directory, 'r')
  await names.sync()
  await names.close()
}
