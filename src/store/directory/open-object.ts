import { constants, type FileHandle, lstat, open, stat } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { aboutFile } from '../../stream/about-file.ts'
import type { OpenObject, StoredObject } from '../store.ts'
import { checksumVerifier } from '../verifier.ts'
import { isMissing, syncDirectory } from './durable.ts'
import type { ObjectFiles } from './layout.ts'
import { type BytesFile, bytesFile, describeFile } from './record.ts'

// Enough for an object that is replaced all the time; a file system may also give a new inode to every question.
const maxTries = 20

/** Opens an object's bytes. A missing one is a Failure 'unavailable'. */
export async function openObject(files: ObjectFiles, key: string, url: string): Promise<OpenObject> {
  for (let tries = 1; ; tries++) {
    const handle = await openBytes(files, url)
    try {
      const file = await plainFile(handle, url)
      // Its failure counts only if it is this file's: it may have met the half-written record of the next.
      const [object] = await Promise.allSettled([describeFile(files, key, file)])
      const isFinal = tries === maxTries || (await isStillThere(files, file))
      if (isFinal && object.status === 'rejected') throw object.reason
      if (isFinal && object.status === 'fulfilled') return opened(object.value, handle, files, url)
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
  }
}

async function openBytes(files: ObjectFiles, url: string): Promise<FileHandle> {
  // Without O_NONBLOCK a named pipe would keep us waiting for its writer.
  return open(files.bytes, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (!isMissing(error)) throw error
    throw new Failure('unavailable', `${url}: no such object`, { cause: error })
  })
}

async function plainFile(handle: FileHandle, url: string): Promise<BytesFile> {
  const found = await handle.stat({ bigint: true })
  if (!found.isFile()) throw new Failure('unavailable', `${url}: is no object: not a plain file`)
  return bytesFile(found)
}

/** Whoever replaces an object takes its record away: what was found may be the record of the next. */
async function isStillThere(files: ObjectFiles, { inode }: BytesFile): Promise<boolean> {
  const found = await stat(files.bytes, { bigint: true }).catch(() => undefined)
  return found?.ino === inode
}

function opened(object: StoredObject, handle: FileHandle, files: ObjectFiles, url: string): OpenObject {
  if (object.flaw !== undefined) throw new Failure('data', `${url}: ${object.flaw}`)
  return {
    ...object,
    async read(offset, target) {
      for (let done = 0; done < target.length; ) {
        const read = handle.read(target, done, target.length - done, offset + done)
        const { bytesRead } = await read.catch(aboutFile(files.bytes))
        if (bytesRead === 0) throw new Failure('data', `${url}: ends at ${offset + done} of ${object.size} bytes`)
        done += bytesRead
      }
    },
    verifier: () => checksumVerifier(object.checksums),
    async keep() {
      const found = await lstat(files.bytes)
      if (found.isSymbolicLink()) throw new Failure('exists', `${url}: is a symbolic link: its bytes are elsewhere`)
      // Another program may have put it there a moment ago.
      await handle.sync()
      await syncDirectory(files.directory)
    },
    close: () => handle.close(),
  }
}
