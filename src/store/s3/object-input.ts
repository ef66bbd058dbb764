import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import type { Metadata } from '../store.ts'
import { encodeMetadata } from './metadata-headers.ts'
import type { ObjectSettings } from './s3-options.ts'

type ObjectInput = Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>

/** What a new object is given at its beginning: its metadata, and what was asked for and nothing else. */
export function objectInput(metadata: Metadata, settings: ObjectSettings = {}): ObjectInput {
  if ((settings.lockMode === undefined) !== (settings.lockUntil === undefined)) {
    throw new Failure('usage', 'a lock needs a mode and an end')
  }
  const wishes = {
    StorageClass: settings.storageClass,
    ServerSideEncryption: settings.kmsKeyId === undefined ? settings.sse : (settings.sse ?? 'aws:kms'),
    SSEKMSKeyId: settings.kmsKeyId,
    Tagging: settings.tags === undefined ? undefined : encodeTags(settings.tags),
    ACL: settings.acl,
    ObjectLockMode: settings.lockMode,
    ObjectLockRetainUntilDate: settings.lockUntil,
    ObjectLockLegalHoldStatus: settings.legalHold ? 'ON' : undefined,
  }
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined)
  return { Metadata: encodeMetadata(metadata), ...Object.fromEntries(given) } as ObjectInput
}

/** As a query, but a space is %20: radosgw takes a plus sign for itself. */
function encodeTags(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('='))
  return pairs.join('&')
}
