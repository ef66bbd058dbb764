import type { OpenObject } from '../store.ts'
import { checksumVerifier, type Verifier } from '../verifier.ts'
import type { Bucket } from './bucket.ts'
import { etagVerifier } from './etag-verifier.ts'
import { describeHead, type Head } from './head.ts'
import { bareEtag } from './multipart.ts'
import { partSizesOf } from './part-sizes.ts'
import { readRange } from './read-range.ts'

/** An object for reading; every read is bound to its ETag. */
export function openObject(bucket: Bucket, key: string, head: Head): OpenObject {
  const object = describeHead(key, head)
  let sizes: ReturnType<typeof partSizesOf> | undefined
  const partSizes = () => {
    sizes ??= partSizesOf(bucket, key, head)
    return sizes
  }
  return {
    ...object,
    read: (offset, target) => readRange(bucket, object, offset, target),
    verifier: async () => (await checksumVerifier(object.checksums)) ?? verifierByEtag(head, partSizes),
    close: async () => {},
  }
}

/** Undefined where the ETag is not made of MD5s, as of encrypted objects. */
async function verifierByEtag(
  head: Head,
  partSizes: () => ReturnType<typeof partSizesOf>,
): Promise<Verifier | undefined> {
  const etag = bareEtag(head.ETag) ?? ''
  const isOpaque = /^aws:kms/.test(head.ServerSideEncryption ?? '') || head.SSECustomerAlgorithm !== undefined
  if (isOpaque || !/^[0-9a-f]{32}(-\d+)?$/.test(etag)) return undefined
  const sizes = await partSizes()
  return sizes === undefined ? undefined : etagVerifier(etag, sizes)
}
