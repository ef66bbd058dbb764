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

// Below this it takes longer to tell another thread.
const leastForThread = 256 * 1024

/** MD5 takes longer than all else together: of a large file a thread computes it, together with those of other files. */
export async function startFileDigests(size: number): Promise<FileDigests> {
  const sha256 = await createDigest('sha256')
  if (size < leastForThread) {
    const md5 = await createDigest('md5')
    return {
      update(bytes) {
        md5.update(bytes)
        sha256.update(bytes)
      },
      finish: async () => ({ md5: md5.hex(), sha256: sha256.hex() }),
      stop: async () => {},
    }
  }
  const thread = await shareDigestThread(['md5'])
  return {
    update(bytes) {
      const summed = thread.update(bytes)
      sha256.update(bytes)
      return summed
    },
    async finish() {
      const { md5 } = await thread.finish()
      if (md5 === undefined) throw new Error('no MD5 from its thread')
      return { md5, sha256: sha256.hex() }
    },
    stop: () => thread.stop(),
  }
}
