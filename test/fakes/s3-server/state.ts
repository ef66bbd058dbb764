import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Algorithm, Checksum, ChecksumType } from './checksums.ts'
import type { Operation } from './operation.ts'
import { S3Error } from './s3-error.ts'

/** A request that was understood, its signature checked. */
export interface S3Request {
  readonly operation: Operation
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Limits {
  readonly maxParts: number
  /** All parts but the last. */
  readonly minPartBytes: number
  /** All parts but the last have to be of one length. */
  readonly wantsEqualParts: boolean
  /** The ETag of bytes, with its quotes; S3's is their MD5. */
  etagOf(bytes: Uint8Array): string
}

export type Handler = (request: S3Request, bucket: Bucket, limits: Limits) => Answer

export type KeptHeaders = Readonly<Record<string, string>>

export interface StoredObject {
  readonly key: string
  readonly bytes: Buffer
  /** With its quotes. */
  readonly etag: string
  readonly checksum: Checksum
  readonly checksumType: ChecksumType
  /** Empty for an object of one PUT. */
  readonly parts: readonly StoredPart[]
  readonly headers: KeptHeaders
  readonly lastModified: Date
}

export interface StoredPart {
  readonly number: number
  readonly bytes: Buffer
  readonly etag: string
  readonly checksum: Checksum
  readonly lastModified: Date
}

export interface Upload {
  readonly id: string
  readonly key: string
  readonly algorithm: Algorithm
  readonly checksumType: ChecksumType
  readonly headers: KeptHeaders
  readonly parts: Map<number, StoredPart>
  readonly initiated: Date
}

export class Bucket {
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, Upload>()

  startUpload(upload: Omit<Upload, 'id' | 'parts' | 'initiated'>): Upload {
    const started = { ...upload, id: randomUUID(), parts: new Map<number, StoredPart>(), initiated: new Date() }
    this.uploads.set(started.id, started)
    return started
  }

  upload({ key, query }: S3Request): Upload {
    const upload = this.uploads.get(query.get('uploadId') ?? '')
    if (upload?.key === key) return upload
    throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
  }

  object({ key }: S3Request): StoredObject {
    const object = this.objects.get(key)
    if (object === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
    return object
  }
}

const kept =
  /^(content-(type|encoding|language|disposition)|cache-control|expires|x-amz-(meta-.*|acl|tagging|storage-class|server-side-encryption.*|object-lock-.*|request-payer))$/

/** What a request says of the object that it makes: metadata, storage class, encryption, tags, lock. */
export function keptHeaders(headers: IncomingHttpHeaders): KeptHeaders {
  const entries = Object.entries(headers).filter(([name]) => kept.test(name))
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

/** What S3 demands of an object that is there, or not, before it is replaced. */
export function checkConditions({ key, headers }: S3Request, bucket: Bucket): void {
  const there = bucket.objects.get(key)
  const isRefused = headers['if-none-match'] === '*' && there !== undefined
  const wanted = headers['if-match']
  if (isRefused || (wanted !== undefined && there !== undefined && there.etag !== wanted)) {
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
  }
  if (wanted !== undefined && there === undefined) throw new S3Error(404, 'NoSuchKey', 'The key does not exist.')
}
