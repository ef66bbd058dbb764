import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { asksForSettings, confirmSettings } from './confirm-settings.ts'
import { describeHead, type Head, headObject } from './head.ts'
import { isAmbiguous, statusOf } from './judge-error.ts'
import { bareEtag } from './multipart.ts'
import type { objectInput } from './object-input.ts'
import { renewSettings } from './renew-settings.ts'
import { DeleteObjectCommand } from './sdk.ts'
import { type ChecksumOutput, checksumsIn, compareObject, type ExpectedObject } from './whole-object.ts'

// Whoever waits for it has failed already.
const removeForMs = 30_000

/** An object at the step that makes it visible. */
export interface Publication {
  readonly key: string
  /** In the object's metadata: by it an object is known as the one of this upload. */
  readonly id: string
  readonly overwrite: boolean
  readonly input: ReturnType<typeof objectInput>
  readonly signal: AbortSignal
  /** Its upload was begun by another run, which perhaps asked for something else. */
  readonly isResumed?: boolean
}

export type PublishOutput = ChecksumOutput & {
  readonly ETag?: string | undefined
  readonly VersionId?: string | undefined
}

/**
 * Makes the request that publishes. Where its answer was lost, and the next try finds the object there or the upload
 * gone, the object itself is asked whether it is ours.
 */
export async function publishOnce(
  bucket: Bucket,
  { key, id, signal, isResumed = false }: Publication,
  expected: ExpectedObject,
  request: (signal: AbortSignal | undefined) => Promise<PublishOutput>,
): Promise<PublishOutput> {
  const url = urlIn(bucket, key)
  const isMeant = isResumed ? isKnown : isOurs
  let isInDoubt = false
  const findOurs = async () => {
    const head = isInDoubt ? await headObject(bucket, key, { signal }) : undefined
    return head !== undefined && isMeant(head, id, expected) ? head : undefined
  }
  return bucket.connection.retry(url, { signal }, async (both) => {
    try {
      return await request(both)
    } catch (error) {
      const ours = [404, 412].includes(statusOf(error) ?? 0) ? await findOurs() : undefined
      if (ours !== undefined) return ours
      isInDoubt ||= isAmbiguous(error)
      throw error
    }
  })
}

function isOurs(head: Head, id: string, expected: ExpectedObject): boolean {
  const isSame = head.Metadata?.['zpipes-upload'] === id || bareEtag(head.ETag) === expected.etag
  return isSame && head.ContentLength === expected.size
}

/** Compares what was published with what was sent, and asks the store once more. What differs is removed again. */
export async function confirm(
  bucket: Bucket,
  { key, id, input, signal, isResumed = false }: Publication,
  expected: ExpectedObject,
  output: PublishOutput,
): Promise<StoredObject> {
  const url = urlIn(bucket, key)
  const isBrief = !isResumed && !asksForSettings(input)
  const head = await headObject(bucket, key, { signal, isBrief })
  if (head === undefined) throw new Failure('data', `${url}: was stored, and is not there`)
  // Some servers answer to Complete without an ETag, or with an empty one.
  const etag = bareEtag(output.ETag) || bareEtag(head.ETag) || ''
  const difference = differenceOf(expected, head, output, etag)
  if (difference === undefined) {
    if (!bareEtag(output.ETag) && !isKnown(head, id, expected)) throw unknownObject(url, head)
    const settled = isResumed ? await renewSettings(bucket, key, head, input, output.VersionId) : head
    await confirmSettings(bucket, key, settled, input)
    return describeHead(key, head)
  }
  if (bareEtag(head.ETag) !== etag && head.Metadata?.['zpipes-upload'] !== id) {
    throw new Failure('exists', `${url}: was replaced by another writer: ${difference}`)
  }
  const isRemoved = await removeVersion(bucket, key, bareEtag(head.ETag) ?? etag, output.VersionId)
  throw new Failure('data', `${url}: ${difference}`, {
    hint: isRemoved ? 'the object was removed again' : 'distrust the object: the store refused to remove it',
  })
}

/** By its checksum too: what is gone on with has the id of the upload that broke. */
function isKnown(head: Head, id: string, expected: ExpectedObject): boolean {
  const { crc } = expected
  return isOurs(head, id, expected) || (crc !== undefined && checksumsIn(head)[crc.name] === crc.hex)
}

/** The answer named no object: the one that is there may be older. */
function unknownObject(url: string, { LastModified }: Head): Failure {
  const what = `the answer has no ETag, and the object of ${LastModified?.toISOString() ?? 'no date'} is not known to be ours`
  return new Failure('data', `${url}: ${what}`, { hint: 'distrust the object: run the same command again' })
}

/** Where what the store answered, what it has, and what was sent do not agree; undefined where they do. */
function differenceOf(expected: ExpectedObject, head: Head, output: PublishOutput, etag: string): string | undefined {
  const stored = bareEtag(head.ETag)
  if (stored !== etag) return `ETag is ${stored} in the store, and was ${etag} when it was stored`
  const comparison = compareObject(expected, { ...head, ...definedOf(output) }, etag)
  if (!comparison.isEqual) {
    return `${comparison.what} is ${comparison.stored} in the store, ${comparison.expected} was sent`
  }
  if (head.ContentLength === expected.size) return undefined
  return `size is ${head.ContentLength} in the store, ${expected.size} was sent`
}

function definedOf(output: PublishOutput): ChecksumOutput {
  return Object.fromEntries(Object.entries(output).filter(([name, value]) => name.startsWith('Checksum') && value))
}

/** Only this object: not one that another writer put there since. False if the store refuses. */
async function removeVersion(bucket: Bucket, key: string, etag: string, version: string | undefined): Promise<boolean> {
  const which = version === undefined ? { IfMatch: `"${etag}"` } : { VersionId: version }
  const command = new DeleteObjectCommand({ ...addressOf(bucket, key), ...which })
  const options = { signal: null, retryForMs: removeForMs }
  return bucket.connection.send(urlIn(bucket, key), command, options).then(
    () => true,
    () => false,
  )
}

/** A Failure 'exists' if there is an object: for a store that cannot refuse to replace it by itself. */
export async function refuseExisting(bucket: Bucket, { key, signal }: Publication): Promise<void> {
  const head = await headObject(bucket, key, { signal, isBrief: true })
  if (head !== undefined) throw existsAlready(urlIn(bucket, key))
}

/** A refused condition in our words: an object came to be under the key. */
export function inOurWords(error: unknown, url: string): unknown {
  const isRefused = error instanceof Failure && statusOf(error.cause) === 412
  return isRefused ? existsAlready(url, error.cause) : error
}

function existsAlready(url: string, cause?: unknown): Failure {
  return new Failure('exists', `${url}: came to be while it was being stored`, { cause })
}

/** True if the store does not know If-None-Match in this request. */
export function refusesConditions(error: unknown): boolean {
  return error instanceof Failure && statusOf(error.cause) === 501
}
