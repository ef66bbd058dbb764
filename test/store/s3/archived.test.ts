import type { RestoreObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { readableHead } from '../../../src/store/s3/archived.ts'
import type { Bucket } from '../../../src/store/s3/bucket.ts'
import type { Head } from '../../../src/store/s3/head.ts'
import { answerOf } from './sdk-errors.ts'

const meta = { $metadata: {}, ETag: '"e"', ContentLength: 1, StorageClass: 'GLACIER' as const }
const archived: Head = meta
const underWay: Head = { ...meta, Restore: 'ongoing-request="true"' }
const restored: Head = { ...meta, Restore: 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"' }
const wish = { days: 3, tier: 'Bulk' as const, askAgainMs: 1 }

/** A bucket that gives these heads one after the other. No server here archives anything. */
function bucketOf(heads: readonly Head[], restore: () => unknown = () => ({})) {
  const left = [...heads]
  const asked: unknown[] = []
  const connection = {
    retry: (_what: string, _options: object, work: () => unknown) => work(),
    once: async () => left.shift(),
    send: async (_what: string, command: RestoreObjectCommand) => {
      asked.push(command.input)
      return restore()
    },
  }
  return { asked, bucket: { name: 'b', prefix: '', connection } as unknown as Bucket }
}

describe('without a wish', () => {
  test.each([
    ['archived', archived, '--wait-restore asks'],
    ['under way', underWay, 'is under way'],
    [
      'in an archive tier',
      { ...meta, StorageClass: 'INTELLIGENT_TIERING' as const, ArchiveStatus: 'ARCHIVE_ACCESS' as const },
      '--wait',
    ],
  ])('%s: try again later', async (_, head, hint) => {
    const end = readableHead(bucketOf([]).bucket, 'k', head, undefined, undefined)
    await expect(end).rejects.toMatchObject({ kind: 'retry', hint: expect.stringContaining(hint) })
  })

  test.each([restored, { ...meta, StorageClass: undefined }, { ...meta, StorageClass: 'GLACIER_IR' as const }])(
    'what can be read is read',
    async (head) => expect(await readableHead(bucketOf([]).bucket, 'k', head as Head, undefined, undefined)).toBe(head),
  )
})

test('asks for it once, and waits', async () => {
  const { bucket, asked } = bucketOf([underWay, underWay, restored])
  expect(await readableHead(bucket, 'k', archived, wish, undefined)).toBe(restored)
  expect(asked).toEqual([
    { Bucket: 'b', Key: 'k', RestoreRequest: { Days: 3, GlacierJobParameters: { Tier: 'Bulk' } } },
  ])
})

test('does not ask again for what is under way', async () => {
  const { bucket, asked } = bucketOf([restored])
  expect(await readableHead(bucket, 'k', underWay, wish, undefined)).toBe(restored)
  expect(asked).toEqual([])
})

test('another program may have asked', async () => {
  const { bucket } = bucketOf([restored], () => {
    throw new Failure('exists', 'x', { cause: answerOf(409, 'RestoreAlreadyInProgress') })
  })
  expect(await readableHead(bucket, 'k', archived, wish, undefined)).toBe(restored)
})

test('a signal ends the wait', async () => {
  const { bucket } = bucketOf([underWay])
  const reason = new Error('stopped')
  const signal = AbortSignal.abort(reason)
  await expect(readableHead(bucket, 'k', archived, { ...wish, askAgainMs: 60_000 }, signal)).rejects.toBe(reason)
})
