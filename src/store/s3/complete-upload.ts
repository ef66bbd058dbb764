import type { CompletedPart } from '@aws-sdk/client-s3'
import type { StoredObject } from '../store.ts'
import type { Bucket } from './bucket.ts'
import type { Multipart, StoredPart } from './multipart.ts'
import { checksumMembers, toBase64 } from './part-checksum.ts'
import {
  confirm,
  inOurWords,
  type Publication,
  type PublishOutput,
  publishOnce,
  refuseExisting,
  refusesConditions,
} from './publication.ts'
import type { StoreAbilities } from './store-abilities.ts'
import { type ExpectedObject, expectObject } from './whole-object.ts'

/** Puts the parts together under the key, if nothing is there (or it may be replaced), and proves the whole. */
export async function completeUpload(
  bucket: Bucket,
  abilities: StoreAbilities,
  publication: Publication,
  multipart: Multipart,
  parts: readonly StoredPart[],
): Promise<StoredObject> {
  const expected = expectObject(parts)
  const isConditional = !publication.overwrite && abilities.conditionalComplete
  const complete = (condition: object) =>
    publishOnce(bucket, publication, expected, (signal) =>
      multipart.complete({ ...condition, ...completion(parts, expected) }, signal),
    )
  // Some stores know no conditions, and some ignore them: this look costs one request for each object.
  if (!publication.overwrite) await refuseExisting(bucket, publication)
  let output: PublishOutput
  try {
    output = await complete(isConditional ? { IfNoneMatch: '*' } : {})
  } catch (error) {
    if (!isConditional || !refusesConditions(error)) throw inOurWords(error, multipart.url)
    abilities.conditionalComplete = false
    output = await complete({})
  }
  return confirm(bucket, publication, expected, output)
}

function completion(parts: readonly StoredPart[], { crc, size }: ExpectedObject) {
  const whole =
    crc === undefined
      ? {}
      : { [checksumMembers[crc.name]]: toBase64(crc.hex), ChecksumType: 'FULL_OBJECT' as const, MpuObjectSize: size }
  return { MultipartUpload: { Parts: parts.map(completedPart) }, ...whole }
}

function completedPart({ number, etag, checksum }: StoredPart): CompletedPart {
  const member = checksum?.isEchoed ? { [checksumMembers[checksum.name]]: toBase64(checksum.hex) } : {}
  return { PartNumber: number, ETag: `"${etag}"`, ...member }
}
