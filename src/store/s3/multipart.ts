import type {
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  Part as ListedPart,
  ListPartsCommandOutput,
} from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { Part } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { badDigest, statusOf } from './judge-error.ts'
import {
  type CrcName,
  checksumAlgorithms,
  checksumInput,
  checksumMembers,
  digestOf,
  fromBase64,
  type PartChecksum,
} from './part-checksum.ts'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from './sdk.ts'

/** A part as the server has it. */
export interface StoredPart {
  readonly number: number
  readonly bytes: number
  readonly etag: string
  readonly checksum?: { readonly name: CrcName; readonly hex: string; readonly isEchoed: boolean }
}

export interface ListedUpload {
  readonly parts: ReadonlyMap<number, ListedPart>
  readonly storageClass: string | undefined
}

// To clean up is tried for a while, not for an hour: whoever waits for it has failed already.
const abortForMs = 30_000

/** A multipart upload that has begun. */
export class Multipart {
  readonly uploadId: string
  readonly key: string
  readonly #bucket: Bucket

  constructor(bucket: Bucket, key: string, uploadId: string) {
    this.#bucket = bucket
    this.key = key
    this.uploadId = uploadId
  }

  get #target() {
    return { ...addressOf(this.#bucket, this.key), UploadId: this.uploadId }
  }

  get url(): string {
    return urlIn(this.#bucket, this.key)
  }

  /** Sends a part with its checksum. Rejects with BadDigest (and tries again) when the server has other bytes. */
  async put(part: Part, name: PartChecksum, signal: AbortSignal): Promise<StoredPart> {
    const { number, bytes } = part
    const what = `part ${number} of ${this.url}`
    const hex = await digestOf(name, bytes)
    const command = new UploadPartCommand({
      ...this.#target,
      PartNumber: number,
      Body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      ContentLength: bytes.length,
      ...checksumInput(name, hex),
    })
    const { connection } = this.#bucket
    return connection.retry(what, { signal }, async (both) => {
      const answer = await connection.once(command, {}, both)
      const etag = bareEtag(answer.ETag)
      if (etag === undefined) throw new Failure('protocol', `${what}: the answer has no ETag`)
      if (name === 'md5') {
        if (isMd5(etag) && etag !== hex && answer.ServerSideEncryption === undefined) {
          throw badDigest(`md5 is ${etag} in the store, ${hex} was sent`)
        }
        return { number, bytes: bytes.length, etag }
      }
      const echo = answer[checksumMembers[name]]
      if (echo !== undefined && fromBase64(echo) !== hex) {
        throw badDigest(`${name} is ${fromBase64(echo)} in the store, ${hex} was sent`)
      }
      return { number, bytes: bytes.length, etag, checksum: { name, hex, isEchoed: echo !== undefined } }
    })
  }

  async complete(
    input: Omit<CompleteMultipartUploadCommandInput, 'Bucket' | 'Key' | 'UploadId'>,
    signal?: AbortSignal,
  ) {
    const command = new CompleteMultipartUploadCommand({ ...this.#target, ...input })
    return this.#bucket.connection.once(command, { isPatient: true }, signal)
  }

  /** All parts that the server has, by number, and the storage class that it tells. */
  async list(): Promise<ListedUpload> {
    const parts = new Map<number, ListedPart>()
    let storageClass: string | undefined
    let marker: string | undefined
    do {
      const command = new ListPartsCommand({
        ...this.#target,
        ...(marker === undefined ? {} : { PartNumberMarker: marker }),
      })
      const page: ListPartsCommandOutput = await this.#bucket.connection.send(`the parts of ${this.url}`, command)
      for (const part of page.Parts ?? []) parts.set(part.PartNumber as number, part)
      storageClass = page.StorageClass
      const next = page.NextPartNumberMarker
      if (page.IsTruncated && (!next || next === marker)) {
        throw new Failure('protocol', `the parts of ${this.url}: the list breaks off, and does not tell how it goes on`)
      }
      marker = page.IsTruncated ? next : undefined
    } while (marker !== undefined)
    return { parts, storageClass }
  }

  /** Removes it with its parts. One that is gone is no failure. */
  async abort(): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#target)
    const { connection } = this.#bucket
    try {
      await connection.send(`the upload of ${this.url}`, command, { signal: null, retryForMs: abortForMs })
    } catch (error) {
      if (!(error instanceof Failure && statusOf(error.cause) === 404)) throw error
    }
  }
}

// An upload whose id never came can be aborted by nobody. Shorter than a program has to clean up after a signal.
const graceMs = 5000

/** Begins one. With a CRC, AWS wants to know it from the start, and computes it of the whole object too. */
export async function beginMultipart(
  bucket: Bucket,
  key: string,
  input: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>,
  checksum: PartChecksum,
  signal: AbortSignal,
): Promise<Multipart> {
  const algorithm =
    checksum === 'md5' ? {} : { ChecksumAlgorithm: checksumAlgorithms[checksum], ChecksumType: 'FULL_OBJECT' as const }
  const url = urlIn(bucket, key)
  const command = new CreateMultipartUploadCommand({ ...addressOf(bucket, key), ...input, ...algorithm })
  const { UploadId } = await bucket.connection.send(url, command, { signal, graceMs })
  if (UploadId === undefined) throw new Failure('protocol', `${url}: the answer has no upload id`)
  return new Multipart(bucket, key, UploadId)
}

/** Without the quotation marks. */
export function bareEtag(etag: string | undefined): string | undefined {
  return etag?.replace(/^(?:W\/)?"?|"?$/g, '')
}

export function isMd5(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag)
}
