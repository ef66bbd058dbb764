import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { putStream } from '../../../src/store/put-stream.ts'
import type { S3StoreOptions } from '../../../src/store/s3/s3-options.ts'
import type { UnfinishedUpload } from '../../../src/store/store.ts'
import { Transfer } from '../../../src/stream/transfer.ts'
import { brokenInput, inputOf, randomBytes } from '../../fakes/inputs.ts'
import { mib, openTestStore } from './store-on.ts'

const partBytes = 5 * mib
const whole = randomBytes(23 * mib)
const wish = { overwrite: false, allowEmpty: false, resume: true, metadata: () => ({ run: 'second' }) }

async function afterABrokenUpload(options: S3StoreOptions = {}) {
  // On a busy machine a part that is slow would be sent twice, and counted twice.
  const opened = await openTestStore({ partBytes, idleMs: 60_000, ...options })
  const first = { ...wish, metadata: () => ({ run: 'first' }) }
  await expect(putStream(opened.store, 'k', brokenInput(whole, 17 * mib), first)).rejects.toThrow('broke')
  const before = opened.standIn.handled.length
  const put = async (bytes: Uint8Array, wishes: object = {}) => {
    const transfer = new Transfer()
    const object = await putStream(opened.store, 'k', inputOf(bytes), { ...wish, ...wishes, transfer })
    const sent = opened.standIn.handled.slice(before).filter(({ operation }) => operation === 'UploadPart')
    return {
      object,
      reused: transfer.reusedBytes / mib,
      sent: sent.map(({ query }) => Number(query.get('partNumber'))),
    }
  }
  return { ...opened, put, stored: () => opened.bucket.objects.get('k')?.bytes as Buffer }
}

describe.each([{}, { checksum: 'md5' as const }, { checksum: 'crc32c' as const }])('with %o', (options) => {
  test('a broken upload is gone on with: what is there is not sent again', async () => {
    const { put, stored, bucket } = await afterABrokenUpload(options)
    expect(bucket.uploads.size).toBe(1)
    const { reused, sent } = await put(whole)
    expect([reused, sent.toSorted()]).toEqual([15, [4, 5]])
    expect(Buffer.compare(stored(), whole)).toBe(0)
    expect(bucket.uploads.size).toBe(0)
  })
})

test('from the first difference on all is replaced', async () => {
  const { put, stored } = await afterABrokenUpload()
  const other = Uint8Array.from(whole)
  other[7 * mib] = (other[7 * mib] as number) ^ 1
  const { reused, sent } = await put(other)
  expect(reused).toBeLessThan(15)
  expect(sent).toContain(2)
  expect(Buffer.compare(stored(), other)).toBe(0)
})

test('another stream begins an upload of its own, with its own metadata', async () => {
  const { put, stored, bucket } = await afterABrokenUpload()
  const other = randomBytes(23 * mib, 9)
  const { object, reused, sent } = await put(other)
  expect([object.metadata, reused, sent.length]).toEqual([{ run: 'second' }, 0, 5])
  expect(Buffer.compare(stored(), other)).toBe(0)
  expect(bucket.uploads.size).toBe(0)
})

test('a shorter stream leaves nothing of the longer one', async () => {
  const { put, stored, bucket } = await afterABrokenUpload()
  await put(whole.subarray(0, 11 * mib))
  expect(Buffer.compare(stored(), whole.subarray(0, 11 * mib))).toBe(0)
  expect(bucket.uploads.size).toBe(0)
})

test('a stream that is now shorter than a part is stored, and the broken upload removed', async () => {
  const { put, stored, bucket } = await afterABrokenUpload()
  await put(whole.subarray(0, 1000))
  expect(stored().length).toBe(1000)
  expect(bucket.uploads.size).toBe(0)
})

test('parts of another size are not mixed', async () => {
  const { standIn, name, stored } = await afterABrokenUpload()
  const { storeOn } = await import('./store-on.ts')
  await putStream(storeOn(standIn, name, { partBytes: 6 * mib }), 'k', inputOf(whole), wish)
  expect(Buffer.compare(stored(), whole)).toBe(0)
})

test('without it a broken upload leaves nothing', async () => {
  const { store, bucket } = await openTestStore({ partBytes })
  await expect(putStream(store, 'k', brokenInput(whole, 17 * mib), { ...wish, resume: false })).rejects.toThrow('broke')
  expect([bucket.uploads.size, bucket.objects.size]).toEqual([0, 0])
})

test("what has ended since it was listed is in nobody's way", async () => {
  const { store, bucket, put, stored } = await afterABrokenUpload()
  const other = { overwrite: false, metadata: {} }
  const upload = await store.create('l', other)
  await upload.putPart({ number: 1, offset: 0, bytes: whole.subarray(0, partBytes) })
  const uploads = store.unfinished('')[Symbol.asyncIterator]()
  const broken = (await uploads.next()).value as UnfinishedUpload
  expect(broken.key).toBe('k')
  bucket.uploads.clear()
  expect(await uploads.next()).toEqual({ done: true, value: undefined })
  await (await store.resume(broken, other)).abandon()
  expect((await put(whole)).reused).toBe(0)
  expect(Buffer.compare(stored(), whole)).toBe(0)
})

test('an upload that somebody ends while it is gone on with is to be tried again', async () => {
  const { store, bucket } = await afterABrokenUpload()
  const broken = (await store.unfinished('k')[Symbol.asyncIterator]().next()).value as UnfinishedUpload
  const upload = await store.resume(broken, { overwrite: false, metadata: {} })
  bucket.uploads.clear()
  const part = { number: 4, offset: 3 * partBytes, bytes: whole.subarray(3 * partBytes, 4 * partBytes) }
  await expect(upload.putPart(part)).rejects.toMatchObject({
    kind: 'retry',
    hint: expect.stringContaining('run the same'),
  })
})

test('what another has stored meanwhile leaves no upload that nobody would go on with', async () => {
  const { put, bucket, client, name } = await afterABrokenUpload()
  const stored = put(whole, {
    metadata: () => {
      void client.send(new PutObjectCommand({ Bucket: name, Key: 'k', Body: 'another' }))
      return {}
    },
  })
  await expect(stored).rejects.toMatchObject({ kind: 'exists' })
  expect([bucket.uploads.size, `${bucket.objects.get('k')?.bytes}`]).toEqual([0, 'another'])
})
