import { Failure } from '../errors.ts'
import { BufferPool } from '../stream/buffer-pool.ts'
import { type Check, checked, expectAnyBytes } from '../stream/checked-input.ts'
import { createDigest } from '../stream/digest.ts'
import { type Input, metered } from '../stream/input.ts'
import { cutParts, type Part } from '../stream/parts.ts'
import { Transfer } from '../stream/transfer.ts'
import type { Checksums, Metadata, Store, StoredObject, UnfinishedUpload, Upload } from './store.ts'

export interface PutOptions {
  readonly overwrite: boolean
  /** So little that it is soon enough to hear at its end of an object under the key. */
  readonly isShort?: boolean
  /** An input without a single byte is an object too; else it is a Failure 'data'. */
  readonly allowEmpty: boolean
  /** Go on with an upload of this key that broke, and leave ours to be gone on with if it breaks. */
  readonly resume?: boolean
  /**
   * Asked when the first part has been read, by when most of what the stream says of itself is known, and at its end, for
   * a store that can still be told.
   */
  metadata(): Metadata
  /** Asked at the end: what is known of the whole by then need not be computed again. */
  checksums?(): Checksums
  /** Buffers of uploads that went well, for those after them. */
  readonly spareBuffers?: Uint8Array[] | undefined
  /** Told of every part that the store has proven, and of the waits. */
  readonly transfer?: Transfer
}

/** Stores a stream of any length under a key. It is visible only after its end and the store's proof; else no trace stays. */
export async function putStream(store: Store, key: string, input: Input, options: PutOptions): Promise<StoredObject> {
  if (!options.overwrite && !options.isShort) await refuseExisting(store, key)
  const transfer = options.transfer ?? new Transfer()
  const digest = store.checksum === undefined ? undefined : await createDigest(store.checksum)
  const firstBytes = store.partBytes(1)
  const pool = new BufferPool(firstBytes, store.partsAtOnce + 1, {
    budgetBytes: store.memoryBytes,
    largestBytes: store.partBytes(Number.POSITIVE_INFINITY),
    spare: options.spareBuffers,
  })
  const checks: Check[] = options.allowEmpty ? [] : [expectAnyBytes()]
  if (digest !== undefined) checks.push({ look: digest.update })
  const stream = checked(metered(input, transfer.meter), checks)
  const upload = new PartByPart(store, key, input, options)
  try {
    for await (const part of cutParts(stream, pool, (number) => store.partBytes(number), transfer.meter))
      await upload.start(part)
    const published = await transfer.meter.during(
      'output',
      upload.publish(() => (digest === undefined ? (options.checksums?.() ?? {}) : { [digest.name]: digest.hex() })),
    )
    pool.retire()
    return published
  } catch (error) {
    // What goes wrong in tidying up follows from the failure, or matters less.
    const cause = upload.error ?? error
    await upload.abandon(cause).catch(() => {})
    throw cause
  }
}

/** Throws 'exists' if there is an object under the key. */
export async function refuseExisting(store: Store, key: string): Promise<void> {
  if ((await store.describe(key)) === undefined) return
  throw new Failure('exists', `${store.urlOf(key)}: exists already`, { hint: '--overwrite replaces it' })
}

/** An upload that begins with its first part and has many under way. */
class PartByPart {
  readonly #store: Store
  readonly #key: string
  readonly #input: Input
  readonly #options: PutOptions
  readonly #running = new Set<Promise<void>>()
  #upload: Upload | undefined
  #storedBytes = 0
  #isAbandoned = false
  /** The first part's failure: it is the cause of whatever fails after it. */
  error: unknown

  constructor(store: Store, key: string, input: Input, options: PutOptions) {
    this.#store = store
    this.#key = key
    this.#input = input
    this.#options = options
  }

  async start(part: Part): Promise<void> {
    if (this.error !== undefined) throw this.error
    const put = this.#put(await this.#open(), part)
    this.#running.add(put)
    void put.finally(() => this.#running.delete(put))
  }

  async publish(checksums: () => StoredObject['checksums']): Promise<StoredObject> {
    await Promise.all(this.#running)
    if (this.error !== undefined) throw this.error
    const upload = await this.#open()
    const metadata = this.#options.metadata()
    return upload.publish({ size: this.#storedBytes, checksums: checksums(), metadata })
  }

  async abandon(cause: unknown): Promise<void> {
    this.#isAbandoned = true
    // What another has stored meanwhile, no run will go on with.
    const isOfUse = this.#options.resume && !(cause instanceof Failure && cause.kind === 'exists')
    // What is on its way belongs to an upload that is gone on with, unless the store is out of reach.
    if (!isOfUse || this.error !== undefined) this.#upload?.stop()
    await Promise.all(this.#running)
    if (isOfUse) await this.#upload?.leave()
    else await this.#upload?.abandon()
  }

  async #open(): Promise<Upload> {
    const { overwrite, metadata } = this.#options
    if (this.#upload === undefined) {
      const broken = this.#options.resume ? await this.#findBroken() : undefined
      const options = { overwrite, metadata: metadata() }
      const begun = broken === undefined ? this.#store.create(this.#key, options) : this.#store.resume(broken, options)
      this.#upload = await begun
    }
    return this.#upload
  }

  /** The one that was written to last. */
  async #findBroken(): Promise<UnfinishedUpload | undefined> {
    let found: UnfinishedUpload | undefined
    for await (const upload of this.#store.unfinished(this.#key)) {
      if (upload.key !== this.#key || !upload.mayBeResumed) continue
      if (found === undefined || upload.lastWrite > found.lastWrite) found = upload
    }
    return found
  }

  /** Never rejects: a failure is kept, and ends the wait for a silent input. */
  async #put(upload: Upload, part: Part): Promise<void> {
    try {
      await upload.putPart(part)
      this.#storedBytes += part.bytes.length
      const { transfer } = this.#options
      if (transfer === undefined) return
      transfer.doneBytes += part.bytes.length
      transfer.reusedBytes = upload.reusedBytes
    } catch (error) {
      if (!this.#isAbandoned) this.error ??= error
      await this.#input.close()
    } finally {
      part.release()
    }
  }
}
