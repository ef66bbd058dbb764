import { Failure } from '../../errors.ts'
import { statusOf } from './judge-error.ts'
import type { ChecksumChoice, PartChecksum } from './part-checksum.ts'

// crc64nvme is AWS's own and cheap, crc32c is what others had before it; Content-MD5 is known to every store.
const automatic: readonly PartChecksum[] = ['crc64nvme', 'crc32c', 'md5']

/** What an answer proves a part by: the checksum that was sent, the MD5 in its ETag, or nothing. */
export type ProvenBy = 'checksum' | 'etag' | 'nothing'

/** Stores a part with a checksum; as a trial it is the first part, and the only one so far. */
export type StoreWith<T> = (name: PartChecksum, isTrial: boolean) => Promise<T>

/** By which checksum a store's parts are proven: as told, or found out with the first part and remembered. */
export class ChecksumChooser {
  #settled: PartChecksum | undefined
  #finding: Promise<unknown> | undefined

  constructor(choice: ChecksumChoice) {
    this.#settled = choice === 'auto' ? undefined : choice
  }

  /**
   * Stores a part with the settled checksum. Or finds out which one the store knows: the first part goes alone then,
   * all others wait for it, and `prove` says whether the store has looked at the checksum.
   */
  async run<T>(store: StoreWith<T>, prove: (stored: T) => Promise<ProvenBy>): Promise<T> {
    while (this.#settled === undefined && this.#finding !== undefined) await this.#finding
    if (this.#settled !== undefined) return store(this.#settled, false)
    const finding = this.#find(store, prove)
    this.#finding = finding.catch(() => {})
    try {
      return await finding
    } finally {
      this.#finding = undefined
    }
  }

  async #find<T>(store: StoreWith<T>, prove: (stored: T) => Promise<ProvenBy>): Promise<T> {
    for (const name of automatic) {
      try {
        const stored = await store(name, true)
        const proof = name === 'md5' ? 'checksum' : await prove(stored)
        // A store that has not looked at this one will not look at the next either.
        this.#settled = proof === 'checksum' ? name : 'md5'
        return proof === 'nothing' ? await store('md5', true) : stored
      } catch (error) {
        if (name === 'md5' || !isRefusal(error)) throw error
      }
    }
    throw new Error('no checksum is left')
  }
}

/** True if the store does not know what it was asked to check. */
function isRefusal(error: unknown): boolean {
  return error instanceof Failure && [400, 501].includes(statusOf(error.cause) ?? 0)
}
