import { S3Error } from './s3-error.ts'
import type { Handler } from './state.ts'
import { xml } from './xml.ts'

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

function notLocked(): S3Error {
  return new S3Error(
    404,
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
  )
}
