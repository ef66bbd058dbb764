import { createDigest } from '../stream/digest.ts'
import { shareDigestThread } from '../stream/digest-thread.ts'

/** What a manifest says of a chunk's bytes. */
export interface FileSums {
  readonly md5: string
  readonly sha256: string
}

export interface FileDigests {
  /** Resolves when it is through with `bytes`, which lie in shared memory. */
  update(bytes: Uint8Array): void | Promise<void>
  finish(): Promise<FileSums>
  /** Ends them where nothing is to be found any more. */
  stop(): Promise<void>
}

// Below these it takes longer to tell another thread. MD5 takes longer than all else together.
const leastForThread = { md5: 256 * 1024, sha256: 8 * 1024 * 1024 }

/** Of a large file other threads compute them, together with those of other files. */
export async function startFileDigests(size: number): Promise<FileDigests> {
  const [md5, sha256] = await Promise.all([startDigest('md5', size), startDigest('sha256', size)])
  return {
    async update(bytes) {
      await Promise.all([md5.update(bytes), sha256.update(bytes)])
    },
    async finish() {
      const [{ md5: md5Sum }, { sha256: sha256Sum }] = await Promise.all([md5.finish(), sha256.finish()])
      if (md5Sum === undefined || sha256Sum === undefined) throw new Error('no digest from its thread')
      return { md5: md5Sum, sha256: sha256Sum }
    },
    async stop() {
      await Promise.all([md5.stop(), sha256.stop()])
    },
  }
}

async function startDigest(name: keyof FileSums, size: number) {
  if (size >= leastForThread[name]) return shareDigestThread(name)
  const digest = await createDigest(name)
  return {
    update: (bytes: Uint8Array) => digest.update(bytes),
    finish: (): Partial<FileSums> => ({ [name]: digest.hex() }),
    stop: () => {},
  }
}
