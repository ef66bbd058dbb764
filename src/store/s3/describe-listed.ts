import type { _Object as Listed } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import type { Bucket } from './bucket.ts'
import { describeHead, headObject } from './head.ts'
import { statusOf } from './judge-error.ts'
import { bareEtag } from './multipart.ts'

/**
 * An object of a list; undefined if it is gone. One that the store does not describe, as those that others have encrypted
 * with a key of their own, is flawed: it keeps nobody from the rest of the list.
 */
export async function describeListed(bucket: Bucket, listed: Listed): Promise<StoredObject | undefined> {
  const key = (listed.Key ?? '').slice(bucket.prefix.length)
  try {
    const head = await headObject(bucket, key, { isOneOfMany: true })
    return head === undefined ? undefined : describeHead(key, head)
  } catch (error) {
    if (!(error instanceof Failure && statusOf(error.cause) === 400)) throw error
    return {
      key,
      size: listed.Size ?? 0,
      etag: `"${bareEtag(listed.ETag) ?? ''}"`,
      checksums: {},
      metadata: {},
      published: listed.LastModified ?? new Date(0),
      flaw: error.message,
    }
  }
}
