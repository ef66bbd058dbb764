import { checkBody, givenChecksum } from './checksums.ts'
import { S3Error } from './s3-error.ts'
import type { Answer, Bucket, Handler, KeptHeaders, S3Request } from './state.ts'
import { elementsIn, xml } from './xml.ts'

export const getRetention: Handler = (request, bucket) => {
  const { headers } = bucket.object(request)
  const Mode = headers['x-amz-object-lock-mode']
  const RetainUntilDate = headers['x-amz-object-lock-retain-until-date']
  if (Mode === undefined || RetainUntilDate === undefined) throw notLocked()
  return { status: 200, body: xml('Retention', { Mode, RetainUntilDate }) }
}

export const getLegalHold: Handler = (request, bucket) => {
  const Status = bucket.object(request).headers['x-amz-object-lock-legal-hold']
  if (Status === undefined) throw notLocked()
  return { status: 200, body: xml('LegalHold', { Status }) }
}

export const getTagging: Handler = (request, bucket) => {
  const pairs = new URLSearchParams(bucket.object(request).headers['x-amz-tagging'])
  const TagSet = { Tag: [...pairs].map(([Key, Value]) => ({ Key, Value })) }
  return { status: 200, body: xml('Tagging', { TagSet }) }
}

export const putTagging: Handler = (request, bucket) => {
  const tags = new URLSearchParams()
  for (const { Key = '', Value = '' } of elementsIn(request.body.toString(), 'Tag')) tags.append(Key, Value)
  return changed(request, bucket, { 'x-amz-tagging': tags.toString() })
}

export const putAcl: Handler = (request, bucket) =>
  changed(request, bucket, { 'x-amz-acl': String(request.headers['x-amz-acl']) })

export const putRetention: Handler = (request, bucket) => {
  const [{ Mode = '', RetainUntilDate = '' } = {}] = elementsIn(request.body.toString(), 'Retention')
  const { headers } = bucket.object(request)
  const isShorter = Date.parse(headers['x-amz-object-lock-retain-until-date'] ?? '') > Date.parse(RetainUntilDate)
  if (headers['x-amz-object-lock-mode'] === 'COMPLIANCE' && (isShorter || Mode !== 'COMPLIANCE')) {
    throw new S3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.')
  }
  return changed(request, bucket, {
    'x-amz-object-lock-mode': Mode,
    'x-amz-object-lock-retain-until-date': RetainUntilDate,
  })
}

export const putLegalHold: Handler = (request, bucket) => {
  const [{ Status = '' } = {}] = elementsIn(request.body.toString(), 'LegalHold')
  return changed(request, bucket, { 'x-amz-object-lock-legal-hold': Status })
}

/** S3 wants a checksum of each of these bodies. */
function changed(request: S3Request, bucket: Bucket, headers: KeptHeaders): Answer {
  if (request.headers['content-md5'] === undefined && givenChecksum(request.headers) === undefined) {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5')
  }
  checkBody(request.headers, request.body, 'CRC32')
  const object = bucket.object(request)
  bucket.objects.set(object.key, { ...object, headers: { ...object.headers, ...headers } })
  return { status: 200 }
}

function notLocked(): S3Error {
  return new S3Error(
    404,
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
  )
}
