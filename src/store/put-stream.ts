import { Failure } from '../errors.ts'
import { BufferPool } from '../stream/buffer-pool.ts'
import { createDigest } from '../stream/digest.ts'
import { checked } from '../stream/checked-input.ts'
import { type Input, metered } from '../stream/input.ts'
import { cutParts, type Part } from '../stream/parts.ts'
import { WaitingMeter } from '../stream/waiting-meter.ts'
import type { Metadata, Store, StoredObject, Upload } from './store.ts'

export interface PutOptions {
  readonly overwrite: boolean
  /** An input without a single byte is an object too; else it is a Failure 'data'. */
  readonly allowEmpty: boolean
  /** Parts on their way at once. */
  readonly concurrency: number
  /** Asked when the first part has been read: what the stream says of itself is known by then. */
  metadata(): Metadata
  readonly meter?: WaitingMeter
  /** Told of every part that the store has proven. */
  onStored?(bytes: number): void
}

/** Stores a stream of any length under a key. It is visible only after its end and the store's proof; else no trace stays. */
export async function putStream(store: Store, key: string, input: Input, options: PutOptions): Promise<StoredObject> {
  if (!options.overwrite && (await store.describe(key)) !== undefined) {
    throw new Failure('exists', `${store.urlOf(key)}: exists already`, { hint: '--overwrite replaces it' })
  }
  const digest = await createDigest(store.checksum)
  const meter = options.meter ?? new WaitingMeter()
  const pool = new BufferPool(store.partBytes(1), options.concurrency + 1)
  const parts = cutParts(checked(metered(input, meter), [{ look: digest.update }]), pool, store.partBytes, meter)
  const transfer = new Transfer(store, key, input, options)
  try {
    for await (const part of parts) await transfer.start(part)
    const upload = await transfer.allStored()
    const proof = { size: transfer.storedBytes, checksums: { [store.checksum]: digest.hex() } }
    return await meter.during('output', upload.publish(proof))
  } catch (error) {
    await transfer.abandon()
    throw transfer.error ?? error
  }
}

class Transfer {
  readonly #store: Store
  readonly #key: string
  readonly #input: Input
  readonly #options: PutOptions
  readonly #running = new Set<Promise<void>>()
  #upload: Upload | undefined
  storedBytes = 0
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
    const upload = await this.#open()
    const put = this.#put(upload, part)
    this.#running.add(put)
    void put.finally(() => this.#running.delete(put))
  }

  async allStored(): Promise<Upload> {
    await Promise.all(this.#running)
    if (this.error !== undefined) throw this.error
    if (this.#upload === undefined && !this.#options.allowEmpty) {
      throw new Failure('data', 'the input is empty', { hint: '--allow-empty stores it all the same' })
    }
    return this.#open()
  }

  async abandon(): Promise<void> {
    await Promise.all(this.#running)
    await this.#upload?.abandon()
  }

  async #open(): Promise<Upload> {
    const { overwrite, metadata } = this.#options
    this.#upload ??= await this.#store.create(this.#key, { overwrite, metadata: metadata() })
    return this.#upload
  }

  /** Never rejects: a failure is kept, and ends the wait for a silent input. */
  async #put(upload: Upload, part: Part): Promise<void> {
    try {
      await upload.putPart(part)
      this.storedBytes += part.bytes.length
      this.#options.onStored?.(part.bytes.length)
    } catch (error) {
      this.error ??= error
      await this.#input.close()
    } finally {
      part.release()
    }
  }
}
