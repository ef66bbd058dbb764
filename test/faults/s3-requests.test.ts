import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/errors.ts'
import { getStream } from '../../src/store/get-stream.ts'
import { putStream } from '../../src/store/put-stream.ts'
import { withFaults } from '../fakes/fault-proxy/fault-proxy.ts'
import { type FaultName, faultNames } from '../fakes/fault-proxy/plan.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { mib, storeOn } from '../store/s3/store-on.ts'

const partBytes = 5 * mib
const large = randomBytes(12 * mib)
const small = large.subarray(0, 1000)
type Meeting = readonly [operation: string, nth: number, bytes: Uint8Array]

const wish = { overwrite: false, allowEmpty: false, metadata: () => ({}) }

/** Faults that are no passing trouble, or cannot be told from such, and what they mean. */
function meaningOf([operation, nth, bytes]: Meeting, fault: FaultName): readonly string[] {
  // A store that no longer knows what it knew with the first part.
  if (operation === 'UploadPart' && nth > 1 && fault.startsWith('no-checksums')) return ['protocol', 'unavailable']
  if (operation === 'CompleteMultipartUpload' && fault === 'no-checksums-400') return ['protocol']
  if (fault === 'moved-302') return wasServed(operation, nth, bytes) ? ['stored'] : ['configuration']
  // It is the ETags of parts that Complete names.
  if (operation === 'UploadPart' && fault === 'wrong-etag') return ['retry']
  if (operation === 'HeadObject' && nth > 1 && fault === 'wrong-etag') return ['stored', 'data']
  if (/^(Put|Complete)/.test(operation) && fault === 'wrong-etag') return ['data']
  return ['stored']
}

/** Whether the server has carried out anything before: a look at what is not there yet is nothing. */
function wasServed(operation: string, nth: number, bytes: Uint8Array): boolean {
  if (operation === 'HeadObject') return nth > (bytes === small ? 2 : 1)
  return !/^(CreateMultipartUpload|PutObject)$/.test(operation)
}

const losesTheAnswer: readonly FaultName[] = ['lost-answer', 'reset-mid-body', 'flipped-bit-down']

async function put(operation: string, fault: FaultName, nth: number, bytes: Uint8Array) {
  const { standIn, name } = await standInWithBucket()
  const proxy = await withFaults(standIn, [{ on: operation as never, nth, do: fault }])
  const store = storeOn(proxy, name, { partBytes, idleMs: 1000, patientMs: 1000 })
  const outcome = await putStream(store, 'k', inputOf(bytes), wish).then(
    () => 'stored',
    (error: Failure) => error.kind ?? error,
  )
  return { outcome, bucket: standIn.bucket(name), plan: proxy.plan }
}

const puts: readonly Meeting[] = [
  ['HeadObject', 1, small],
  ['HeadObject', 2, small],
  ['HeadObject', 3, small],
  ['PutObject', 1, small],
  ['HeadObject', 1, large],
  ['CreateMultipartUpload', 1, large],
  ['UploadPart', 1, large],
  ['UploadPart', 2, large],
  ['CompleteMultipartUpload', 1, large],
  ['HeadObject', 2, large],
  ['HeadObject', 3, large],
]

describe.each(puts)('an upload that meets at %s %i', (operation, nth, bytes) => {
  test.each(faultNames.filter((name) => !name.endsWith('slow-link')))('%s', async (fault) => {
    const { outcome, bucket, plan } = await put(operation, fault, nth, bytes)
    const object = bucket.objects.get('k')
    expect(plan.missed.length > 0 ? ['stored'] : meaningOf([operation, nth, bytes], fault)).toContain(outcome)
    if (outcome === 'stored') expect(Buffer.compare(object?.bytes as Buffer, bytes)).toBe(0)
    // An upload whose id nobody heard of: it has no part, and the lifecycle rule of the bucket removes it.
    const isUnheardOf = operation === 'CreateMultipartUpload' && losesTheAnswer.includes(fault)
    expect(bucket.uploads.size).toBe(isUnheardOf ? 1 : 0)
  })
})

describe('a download that meets at GetObject 2', () => {
  test.each(faultNames.filter((name) => !name.endsWith('slow-link')))('%s', async (fault) => {
    const { standIn, name } = await standInWithBucket()
    await putStream(storeOn(standIn, name), 'k', inputOf(large), wish)
    const proxy = await withFaults(standIn, [{ on: 'GetObject', nth: 2, do: fault }])
    const store = storeOn(proxy, name, { idleMs: 1000 })
    const pieces: Buffer[] = []
    const read = async () => {
      const object = await store.open('k')
      for await (const piece of getStream(store, object, { verify: true, checks: [] })) pieces.push(Buffer.from(piece))
      return 'read'
    }
    const outcome = await read().catch((error: Failure) => error.kind ?? error)
    if (['wrong-etag', 'flipped-bit-down'].includes(fault)) {
      expect(outcome).toBe('data')
      // The last piece was held back.
      expect(Buffer.concat(pieces).length).toBeLessThan(large.length)
    } else {
      expect(outcome).toBe('read')
      expect(Buffer.compare(Buffer.concat(pieces), large)).toBe(0)
    }
  })
})
