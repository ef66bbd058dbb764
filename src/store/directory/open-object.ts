import { open } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import type { OpenObject } from '../store.ts'
import { checksumVerifier } from '../verifier.ts'
import type { ObjectFiles } from './layout.ts'
import { bytesFile, describeFile } from './record.ts'

/** Opens an object's bytes. A missing one is a Failure 'unavailable'. */
export async function openObject(files: ObjectFiles, key: string, url: string): Promise<OpenObject> {
  const handle = await open(files.bytes, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new Failure('unavailable', `${url}: no such object`, { cause: error })
  })
  const file = bytesFile(await handle.stat({ bigint: true }))
  const object = await describeFile(files, key, file)
  if (file.size !== object.size) {
    await handle.close()
    throw new Failure('data', `${url}: is ${file.size} bytes, ${object.size} were stored`)
  }
  return {
    ...object,
    async read(offset, target) {
      for (let done = 0; done < target.length; ) {
        const { bytesRead } = await handle.read(target, done, target.length - done, offset + done)
        if (bytesRead === 0) throw new Failure('data', `${url}: ends at ${offset + done} of ${object.size} bytes`)
        done += bytesRead
      }
    },
    verifier: () => checksumVerifier(object.checksums),
    close: () => handle.close(),
  }
}
