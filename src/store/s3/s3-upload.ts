import { randomBytes } from 'node:crypto'
import { Failure } from '../../errors.ts'
import type { ObjectProof, Part, StoredObject, Upload, UploadOptions } from '../store.ts'
import { type Bucket, urlIn } from './bucket.ts'
import type { ProvenBy, StoreWith } from './checksum-choice.ts'
import { completeUpload } from './complete-upload.ts'
import { beginMultipart, type Multipart, type StoredPart } from './multipart.ts'
import { objectInput } from './object-input.ts'
import { digestOf, type PartChecksum } from './part-checksum.ts'
import { formatSchedule, type PartSchedule, partBytesAt } from './part-schedule.ts'
import { putWhole } from './put-whole.ts'
import type { ReusableParts } from './reusable-parts.ts'
import type { ObjectSettings } from './s3-options.ts'
import type { StoreAbilities } from './store-abilities.ts'

export interface S3UploadOptions extends UploadOptions {
  readonly key: string
  readonly schedule: PartSchedule
  readonly maxParts: number
  readonly settings: ObjectSettings | undefined
}

/**
 * An object on its way. As soon as there is a whole part it is a multipart upload. A stream that is shorter is kept, and
 * is one PutObject when it is published: one request instead of three, and as atomic.
 */
export class S3Upload implements Upload {
  readonly id = randomBytes(8).toString('hex')
  readonly #bucket: Bucket
  readonly #abilities: StoreAbilities
  readonly #options: S3UploadOptions
  readonly #stop = new AbortController()
  readonly #stored = new Map<number, StoredPart>()
  #multipart: Promise<Multipart> | undefined
  #begunWith: PartChecksum | undefined
  readonly #reusable: ReusableParts | undefined
  #firstVerdict: Promise<unknown> | undefined
  #only: Uint8Array | undefined

  constructor(bucket: Bucket, abilities: StoreAbilities, options: S3UploadOptions, reusable?: ReusableParts) {
    this.#bucket = bucket
    this.#abilities = abilities
    this.#options = options
    this.#reusable = reusable
    if (reusable !== undefined) this.#multipart = Promise.resolve(reusable.multipart)
  }

  /** What was there already, and did not have to be sent. */
  get reusedBytes(): number {
    return this.#reusable?.reusedBytes ?? 0
  }

  async putPart(part: Part): Promise<void> {
    const { schedule, maxParts } = this.#options
    if (part.number > maxParts) throw tooLong(urlIn(this.#bucket, this.#options.key), part, maxParts)
    if (part.number === 1 && part.bytes.length < partBytesAt(schedule, 1) && this.#multipart === undefined) {
      this.#only = part.bytes
      return
    }
    this.#stored.set(part.number, (await this.#reuse(part)) ?? (await this.#send(part)))
  }

  async publish(proof: ObjectProof): Promise<StoredObject> {
    const { key } = this.#options
    const parts = [...this.#stored.values()].toSorted((a, b) => a.number - b.number)
    const size = this.#only?.length ?? parts.reduce((sum, { bytes }) => sum + bytes, 0)
    if (proof.size !== size || parts.some(({ number }, index) => number !== index + 1)) {
      throw new Failure('data', `${urlIn(this.#bucket, key)}: ${proof.size} bytes to publish, ${size} stored`)
    }
    const plan = { ...this.#options, id: this.id, input: this.#input(), signal: this.#stop.signal }
    if (parts.length > 0) {
      const multipart = await this.#begin('md5', false)
      const publication = { ...plan, isResumed: multipart === this.#reusable?.multipart }
      return completeUpload(this.#bucket, this.#abilities, publication, multipart, parts)
    }
    const whole = this.#only ?? new Uint8Array(0)
    const object = await putWhole(this.#bucket, this.#abilities, plan, whole, proof.checksums.md5)
    if (object !== undefined) return object
    await this.#storeAsMultipart(whole)
    return this.publish(proof)
  }

  // The store has its parts; here there is nothing to let go of.
  async leave(): Promise<void> {}

  async abandon(): Promise<void> {
    this.stop()
    const multipart = await this.#multipart?.catch(() => undefined)
    await multipart?.abort()
  }

  stop(): void {
    this.#stop.abort(new Failure('retry', `${urlIn(this.#bucket, this.#options.key)}: the upload was stopped`))
  }

  /** For a store that can refuse an existing key at Complete, but not at PutObject. */
  async #storeAsMultipart(bytes: Uint8Array): Promise<void> {
    this.#stored.set(1, await this.#send({ number: 1, offset: 0, bytes }))
    this.#only = undefined
  }

  /** Of an upload that is resumed. All parts wait for the verdict on the first. */
  async #reuse(part: Part): Promise<StoredPart | undefined> {
    if (this.#reusable === undefined) return undefined
    if (part.number > 1) {
      await this.#firstVerdict
      return this.#reusable.reuse(part)
    }
    const verdict = this.#reuseFirst(part, this.#reusable)
    this.#firstVerdict = verdict
    return verdict
  }

  async #reuseFirst(part: Part, reusable: ReusableParts): Promise<StoredPart | undefined> {
    const reused = await reusable.reuse(part)
    // Another stream: its metadata differ as well, and they were given when the upload began.
    if (reused === undefined) await this.#discard()
    return reused
  }

  async #send(part: Part): Promise<StoredPart> {
    const { signal } = this.#stop
    const store: StoreWith<StoredPart> = async (name, isTrial) => {
      const stored = await (await this.#begin(name, isTrial)).put(part, name, signal)
      // A trial is judged by whoever makes it.
      if (!isTrial) await this.#refuseUnproven(part, stored)
      return stored
    }
    return this.#abilities.checksum.run(store, (stored) => provenBy(part, stored))
  }

  /** A store may overlook a checksum that it was told to look at. */
  async #refuseUnproven(part: Part, stored: StoredPart): Promise<void> {
    if (stored.checksum === undefined || (await provenBy(part, stored)) !== 'nothing') return
    const what = `part ${part.number} of ${urlIn(this.#bucket, this.#options.key)}`
    throw new Failure('unavailable', `${what}: the answer has neither its ${stored.checksum.name} nor its MD5`, {
      hint: 'nothing proves what the store has: --checksum=md5 is known to every store',
    })
  }

  /** Begins the upload with the first part, and anew if that part is tried with another checksum. */
  async #begin(name: PartChecksum, isTrial: boolean): Promise<Multipart> {
    if (isTrial && this.#begunWith !== undefined && this.#begunWith !== name) await this.#discard()
    if (this.#multipart === undefined) {
      this.#begunWith = name
      this.#multipart = beginMultipart(this.#bucket, this.#options.key, this.#input(), name, this.#stop.signal)
      this.#multipart.catch(() => {})
    }
    return this.#multipart
  }

  async #discard(): Promise<void> {
    const multipart = await this.#multipart?.catch(() => undefined)
    this.#multipart = undefined
    await multipart?.abort()
  }

  #input() {
    const { metadata, schedule, settings } = this.#options
    const own = { 'zpipes-upload': this.id, 'zpipes-parts': formatSchedule(schedule) }
    return objectInput({ ...metadata, ...own }, settings)
  }
}

async function provenBy(part: Part, { checksum, etag }: StoredPart): Promise<ProvenBy> {
  if (checksum?.isEchoed) return 'checksum'
  return etag === (await digestOf('md5', part.bytes)) ? 'etag' : 'nothing'
}

function tooLong(url: string, { offset }: Part, maxParts: number): Failure {
  return new Failure(
    'unavailable',
    `${url}: the stream is longer than the ${offset} bytes that ${maxParts} parts hold`,
    {
      hint: 'give a larger --estimated or --part-size',
    },
  )
}
