import type { Readable } from 'node:stream'
import type { HeadObjectCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { isNameless, serverError, statusOf } from './judge-error.ts'
import { decodeMetadata, withoutOwn } from './metadata-headers.ts'
import { bareEtag } from './multipart.ts'
import { GetObjectCommand, HeadObjectCommand } from './sdk.ts'
import { checksumsIn } from './whole-object.ts'

export type Head = Omit<HeadObjectCommandOutput, '$metadata'>

interface HeadOptions {
  readonly signal?: AbortSignal | undefined
  /** Others of the bucket are asked about too. */
  readonly isOneOfMany?: boolean
  /** What DescribedHead has is enough. */
  readonly isBrief?: boolean
}

/** What the store says of an object; undefined if there is none. */
export async function headObject(bucket: Bucket, key: string, options: HeadOptions = {}): Promise<Head | undefined> {
  const { signal, isOneOfMany = false, isBrief = isOneOfMany } = options
  const { connection } = bucket
  const ask: Ask = (input, both) =>
    isBrief ? connection.describe(input, both, isOneOfMany) : connection.once(new HeadObjectCommand(input), {}, both)
  const url = urlIn(bucket, key)
  try {
    return await connection.retry(url, { signal }, async (both) => {
      const head = await headOnce(bucket, key, ask, both)
      if (head.ETag === undefined) throw serverError('the answer has no ETag')
      // It would be read as an empty one.
      if (head.ContentLength === undefined) throw new Failure('protocol', `${url}: the answer tells no length`)
      return head
    })
  } catch (error) {
    if (error instanceof Failure && statusOf(error.cause) === 404) return undefined
    throw error
  }
}

/** What to say of a key that a HEAD did not find: its answer does not tell whether there is a bucket. */
export async function missing(bucket: Bucket, key: string): Promise<Failure> {
  const url = urlIn(bucket, key)
  try {
    await bucket.connection.retry(url, {}, (signal) => getOneByte(bucket, key, signal))
  } catch (error) {
    if (error instanceof Failure && (error.cause as Error | undefined)?.name === 'NoSuchBucket') return error
  }
  return new Failure('unavailable', `${url}: no such object`)
}

type Ask = (input: HeadObjectCommandInput, signal: AbortSignal | undefined) => Promise<Head>

/** A HEAD is refused without a word. A GET of one byte is told why; or it is not refused: then it was a passing trouble. */
async function headOnce(bucket: Bucket, key: string, ask: Ask, signal: AbortSignal | undefined): Promise<Head> {
  try {
    return await headWithChecksums(bucket, key, ask, signal)
  } catch (error) {
    if (![400, 401, 403].includes(statusOf(error) ?? 0) || !isNameless(error as Error)) throw error
    await getOneByte(bucket, key, signal)
    return headWithChecksums(bucket, key, ask, signal)
  }
}

async function getOneByte(bucket: Bucket, key: string, signal: AbortSignal | undefined): Promise<void> {
  const command = new GetObjectCommand({ ...addressOf(bucket, key), Range: 'bytes=0-0' })
  try {
    const { Body } = await bucket.connection.once(command, {}, signal)
    const body = Body as unknown as Readable
    body.destroy()
  } catch (error) {
    // An empty object has not even one.
    if (statusOf(error) !== 416) throw error
  }
}

/** Asks for checksums too, unless the store does not know what that is. */
async function headWithChecksums(
  bucket: Bucket,
  key: string,
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<Head> {
  const address = addressOf(bucket, key)
  try {
    return await ask({ ...address, ChecksumMode: 'ENABLED' }, signal)
  } catch (error) {
    if (![400, 501].includes(statusOf(error) ?? 0)) throw error
    return ask(address, signal)
  }
}

export function describeHead(key: string, head: Head): StoredObject {
  return {
    key,
    size: head.ContentLength as number,
    etag: `"${bareEtag(head.ETag) ?? ''}"`,
    checksums: checksumsIn(head),
    metadata: withoutOwn(decodeMetadata(head.Metadata)),
    published: head.LastModified ?? new Date(0),
  }
}
