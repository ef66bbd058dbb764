import type {
  _Object as Listed,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import { inOrder } from '../../stream/in-order.ts'
import type { OpenObject, Store, StoredObject, UnfinishedUpload, UploadOptions } from '../store.ts'
import { readableHead } from './archived.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { ChecksumChooser } from './checksum-choice.ts'
import { S3Connection } from './connection.ts'
import { describeListed } from './describe-listed.ts'
import { describeHead, headObject, missing } from './head.ts'
import { statusOf } from './judge-error.ts'
import { type ListedUpload, Multipart } from './multipart.ts'
import { openObject } from './open-object.ts'
import { type PartSchedule, partBytesAt, planParts } from './part-schedule.ts'
import { ReusableParts } from './reusable-parts.ts'
import type { S3StoreOptions } from './s3-options.ts'
import { S3Upload } from './s3-upload.ts'
import { DeleteObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from './sdk.ts'
import { wasBegunInOtherClass } from './settings-differences.ts'
import type { StoreAbilities } from './store-abilities.ts'

/*
 * S3, and what speaks it. Of the SDK only single requests are used; lib-storage's Upload is not, because it
 *
 *   - has parts of one size, chosen before the length is known: 10,000 of its default hold 49 GiB
 *   - copies a stream into new buffers, where ours are filled by the pipe's reader, sent as they are and used again
 *   - begins anew, where a broken upload is gone on with
 *   - keeps the answers to its parts to itself, where each is compared, and the whole with all of them
 *
 * test/bench/s3.js compares the two: an Upload takes more than twice the CPU.
 */

const mib = 2 ** 20
const defaults = { maxParts: 10_000, maxObjectBytes: 5 * 2 ** 40, memoryBytes: 256 * mib, concurrency: 4 }
// Six of them are there at once. Every request costs a millisecond of CPU.
const readBytes = 8 * mib
// With less, an object would be nothing but requests.
const leastReadBytes = 64 * 1024
const headsAtOnce = 32

export class S3Store implements Store {
  // Each part is proven by the server, and the whole by what the parts give.
  readonly checksum = undefined
  readonly readBytes: number
  readonly partsAtOnce: number
  readonly memoryBytes: number
  readonly #bucket: Bucket
  readonly #options: S3StoreOptions
  readonly #schedule: PartSchedule
  readonly #maxParts: number
  readonly #abilities: StoreAbilities

  /** The store of all keys below `prefix` ('' or names that end in a slash). */
  constructor(bucket: string, prefix: string, options: S3StoreOptions) {
    const { maxParts, maxObjectBytes, memoryBytes, concurrency } = defaults
    this.#bucket = { connection: new S3Connection(options), name: bucket, prefix }
    this.#options = options
    this.#maxParts = options.maxParts ?? maxParts
    this.memoryBytes = options.memoryBytes ?? memoryBytes
    this.partsAtOnce = options.concurrency ?? concurrency
    const shareBytes = Math.floor(this.memoryBytes / (this.partsAtOnce + 2))
    this.readBytes = Math.max(leastReadBytes, Math.min(readBytes, shareBytes))
    const { partBytes, estimatedBytes } = options
    this.#schedule = planParts({
      partBytes,
      estimatedBytes,
      maxParts: this.#maxParts,
      maxObjectBytes: options.maxObjectBytes ?? maxObjectBytes,
    })
    const checksum = new ChecksumChooser(options.checksum ?? 'auto')
    this.#abilities = { checksum, conditionalPut: true, conditionalComplete: true }
  }

  urlOf(key: string): string {
    return urlIn(this.#bucket, key)
  }

  async identity(): Promise<string> {
    const host = await this.#bucket.connection.host()
    return host === undefined ? this.urlOf('') : `${this.urlOf('')} at ${host}`
  }

  partBytes(number: number): number {
    return partBytesAt(this.#schedule, number)
  }

  async describe(key: string): Promise<StoredObject | undefined> {
    const head = await headObject(this.#bucket, key, { isBrief: true })
    return head === undefined ? undefined : describeHead(key, head)
  }

  async open(key: string): Promise<OpenObject> {
    const head = await headObject(this.#bucket, key)
    if (head === undefined) throw await missing(this.#bucket, key)
    const { restore, signal } = this.#options
    return openObject(this.#bucket, key, await readableHead(this.#bucket, key, head, restore, signal))
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for await (const page of this.#pages(prefix)) {
      const jobs = page.map((listed) => ({ listed, bytes: 0 }))
      const limits = { budgetBytes: 0, concurrency: headsAtOnce }
      for await (const object of inOrder(jobs, ({ listed }) => describeListed(this.#bucket, listed), limits)) {
        if (object !== undefined) yield object
      }
    }
  }

  async create(key: string, options: UploadOptions): Promise<S3Upload> {
    return this.#upload(key, options)
  }

  async *unfinished(prefix: string): AsyncIterable<UnfinishedUpload> {
    for await (const { Key = '', UploadId = '', Initiated } of this.#uploads(prefix)) {
      const key = Key.slice(this.#bucket.prefix.length)
      const listed = await partsOf(new Multipart(this.#bucket, key, UploadId))
      // It has ended since the list was made.
      if (listed === undefined) continue
      const parts = [...listed.parts.values()]
      const times = [Initiated ?? new Date(0), ...parts.map(({ LastModified }) => LastModified ?? new Date(0))]
      const lastWrite = new Date(Math.max(...times.map(Number)))
      const storedBytes = parts.reduce((sum, { Size }) => sum + (Size ?? 0), 0)
      yield { key, id: UploadId, storedBytes, lastWrite, isOrphan: false, mayBeResumed: true }
    }
  }

  async resume({ key, id }: UnfinishedUpload, options: UploadOptions): Promise<S3Upload> {
    const multipart = new Multipart(this.#bucket, key, id)
    const listed = await partsOf(multipart)
    if (listed === undefined) return this.#upload(key, options)
    const { parts, storageClass } = listed
    const { connection } = this.#bucket
    const wanted = this.#options.object?.storageClass
    const isAws = (await connection.host()) === undefined
    if (!wasBegunInOtherClass(storageClass, wanted, isAws)) {
      return this.#upload(key, options, new ReusableParts(multipart, parts))
    }
    const what = `the broken upload is of storage class ${storageClass}`
    connection.warn(`${this.urlOf(key)}: ${what}: a new one of ${wanted} is begun`)
    await multipart.abort()
    return this.#upload(key, options)
  }

  async remove(target: string | UnfinishedUpload): Promise<void> {
    if (typeof target !== 'string') return new Multipart(this.#bucket, target.key, target.id).abort()
    const command = new DeleteObjectCommand(addressOf(this.#bucket, target))
    await this.#bucket.connection.send(this.urlOf(target), command).catch((error: unknown) => {
      if (!(error instanceof Failure && statusOf(error.cause) === 404)) throw error
    })
  }

  #upload(key: string, options: UploadOptions, reusable?: ReusableParts): S3Upload {
    const own = { key, schedule: this.#schedule, maxParts: this.#maxParts, settings: this.#options.object }
    return new S3Upload(this.#bucket, this.#abilities, { ...options, ...own }, reusable)
  }

  async *#pages(prefix: string): AsyncIterable<Listed[]> {
    let token: string | undefined
    do {
      const command = new ListObjectsV2Command({ ...this.#under(prefix), ...(token && { ContinuationToken: token }) })
      const page: ListObjectsV2CommandOutput = await this.#bucket.connection.send(this.urlOf(prefix), command)
      yield page.Contents ?? []
      const next = page.NextContinuationToken
      if (page.IsTruncated && (!next || next === token)) throw brokenOff(this.urlOf(prefix))
      token = page.IsTruncated ? next : undefined
    } while (token !== undefined)
  }

  async *#uploads(prefix: string) {
    let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
    while (markers !== undefined) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
        ...this.#under(prefix),
        ...markers,
      })
      const page: ListMultipartUploadsCommandOutput = await this.#bucket.connection.send(this.urlOf(prefix), command)
      yield* page.Uploads ?? []
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
      const isSame = KeyMarker === markers.KeyMarker && UploadIdMarker === markers.UploadIdMarker
      if (page.IsTruncated && (!KeyMarker || isSame)) throw brokenOff(this.urlOf(prefix))
      markers = page.IsTruncated && KeyMarker ? { KeyMarker, ...(UploadIdMarker && { UploadIdMarker }) } : undefined
    }
  }

  #under(prefix: string) {
    return { Bucket: this.#bucket.name, Prefix: this.#bucket.prefix + prefix }
  }
}

/** What the store has of an upload; undefined if it is gone. */
async function partsOf(multipart: Multipart): Promise<ListedUpload | undefined> {
  try {
    return await multipart.list()
  } catch (error) {
    if (error instanceof Failure && statusOf(error.cause) === 404) return undefined
    throw error
  }
}

/** What is missing at its end would pass for something that the store does not have; what goes round has no end. */
function brokenOff(url: string): Failure {
  return new Failure('protocol', `${url}: the list breaks off, and the answer does not tell how it goes on`)
}
