import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { serverError, statusOf } from './judge-error.ts'
import { decodeMetadata, withoutOwn } from './metadata-headers.ts'
import { bareEtag } from './multipart.ts'
import { checksumsIn } from './whole-object.ts'

export type Head = HeadObjectCommandOutput

/** What the store says of an object; undefined if there is none. */
export async function headObject(bucket: Bucket, key: string, signal?: AbortSignal): Promise<Head | undefined> {
  const url = urlIn(bucket, key)
  try {
    return await bucket.connection.retry(url, { signal }, async (both) => {
      const head = await headOnce(bucket, key, both)
      if (head.ETag === undefined) throw serverError('the answer has no ETag')
      return head
    })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'unavailable') return undefined
    throw error
  }
}

/** Asks for checksums too, unless the store does not know what that is. */
async function headOnce(bucket: Bucket, key: string, signal: AbortSignal | undefined): Promise<Head> {
  const { connection } = bucket
  const address = addressOf(bucket, key)
  try {
    return await connection.once(new HeadObjectCommand({ ...address, ChecksumMode: 'ENABLED' }), {}, signal)
  } catch (error) {
    if (![400, 501].includes(statusOf(error) ?? 0)) throw error
    return connection.once(new HeadObjectCommand(address), {}, signal)
  }
}

export function describeHead(key: string, head: Head): StoredObject {
  return {
    key,
    size: head.ContentLength ?? 0,
    etag: `"${bareEtag(head.ETag) ?? ''}"`,
    checksums: checksumsIn(head),
    metadata: withoutOwn(decodeMetadata(head.Metadata)),
    published: head.LastModified ?? new Date(0),
  }
}
