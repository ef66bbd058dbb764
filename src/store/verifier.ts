import { createDigest, type DigestName } from '../stream/digest.ts'
import type { Checksums } from './store.ts'

/** Compares an object's bytes with what its store recorded of them, if it gets them all and in order. */
export interface Verifier {
  /** What is compared, as messages name it: `xxh64`, `ETag`. */
  readonly name: string
  readonly recorded: string
  update(bytes: Uint8Array): void
  /** What the bytes give, to be compared with what is recorded. Ends the verifier. */
  found(): string
}

/** By the recorded checksum that is cheapest to compute; undefined if there is none. */
export async function checksumVerifier(checksums: Checksums): Promise<Verifier | undefined> {
  const name = byCost.find((candidate) => checksums[candidate] !== undefined)
  if (name === undefined) return undefined
  const digest = await createDigest(name)
  return { name, recorded: checksums[name] as string, update: digest.update, found: digest.hex }
}

const byCost: readonly DigestName[] = ['xxh64', 'crc64nvme', 'crc32c', 'crc32', 'md5', 'sha256']
