import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { decodeMetadata, withoutOwn } from './metadata-headers.ts'
import { bareEtag } from './multipart.ts'
import { checksumsIn } from './whole-object.ts'

export type Head = HeadObjectCommandOutput

/** What the store says of an object; undefined if there is none. */
export async function headObject(bucket: Bucket, key: string, signal?: AbortSignal): Promise<Head | undefined> {
  const command = new HeadObjectCommand({ ...addressOf(bucket, key), ChecksumMode: 'ENABLED' })
  try {
    return await bucket.connection.send(urlIn(bucket, key), command, { signal })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'unavailable') return undefined
    throw error
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
