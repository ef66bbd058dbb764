import { createDigest, type DigestName } from '../stream/digest.ts'
import { type DigestThread, startDigestThread } from '../stream/digest-thread.ts'
import type { Checksums } from './store.ts'

/** Compares an object's bytes with what its store recorded of them, if it gets them all and in order. */
export interface Verifier {
  /** What is compared, as messages name it: `xxh64`, `ETag`. */
  readonly name: string
  readonly recorded: string
  /** Resolves when it is through with `bytes`, which lie in shared memory. */
  update(bytes: Uint8Array): void | Promise<void>
  /** What the bytes give, to be compared with what is recorded. Ends the verifier. */
  found(): string | Promise<string>
  /** Ends it where nothing is to be found any more. */
  stop?(): Promise<void>
}

/** By the recorded checksum that is cheapest to compute; undefined if there is none. */
export async function checksumVerifier(checksums: Checksums): Promise<Verifier | undefined> {
  const name = byCost.find((candidate) => checksums[candidate] !== undefined)
  if (name === undefined) return undefined
  const recorded = checksums[name] as string
  // It takes less time than to tell another thread of the bytes.
  if (name !== 'xxh64') return inThread(name, recorded)
  const digest = await createDigest(name)
  return { name, recorded, update: digest.update, found: digest.hex }
}

/** In a thread that starts with the first bytes. */
function inThread(name: DigestName, recorded: string): Verifier {
  let thread: Promise<DigestThread> | undefined
  const started = () => {
    thread ??= startDigestThread([name])
    return thread
  }
  return {
    name,
    recorded,
    update: async (bytes) => (await started()).update(bytes),
    found: async () => (await (await started()).finish())[name] as string,
    stop: async () => (await thread)?.stop(),
  }
}

const byCost: readonly DigestName[] = ['xxh64', 'crc64nvme', 'crc32c', 'crc32', 'md5', 'sha256']
