import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { getStream } from '../../../src/store/get-stream.ts'
import { putStream } from '../../../src/store/put-stream.ts'
import type { Store } from '../../../src/store/store.ts'
import { withFaults } from '../../fakes/fault-proxy/fault-proxy.ts'
import type { Fault } from '../../fakes/fault-proxy/plan.ts'
import { inputOf, randomBytes } from '../../fakes/inputs.ts'
import { dialects } from '../../fakes/s3-server/dialect.ts'
import type { StandIn } from '../../fakes/s3-server/server.ts'
import { mib, openTestStore, storeOn } from './store-on.ts'

const wish = { overwrite: false, allowEmpty: false, metadata: () => ({}) }

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function contentOf(store: Store, key: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of getStream(store, await store.open(key), { verify: true, checks: [] })) {
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces)
}

function operations(standIn: StandIn): string[] {
  return standIn.handled.map(({ operation }) => operation)
}

describe('putStream and getStream', () => {
  test.each([1, 100_000, 8 * mib - 1, 8 * mib, 8 * mib + 1, 20 * mib])('%i bytes come back', async (size) => {
    const { store, bucket } = await openTestStore()
    const bytes = randomBytes(size)
    const object = await putStream(store, 'tank/home@mon', inputOf(bytes), {
      ...wish,
      metadata: () => ({ parent: 'tank/with space@ü' }),
    })
    expect(object).toMatchObject({ key: 'tank/home@mon', size, metadata: { parent: 'tank/with space@ü' } })
    expect(object).toEqual(await store.describe('tank/home@mon'))
    expect(Buffer.compare(await contentOf(store, 'tank/home@mon'), bytes)).toBe(0)
    expect(bucket.uploads.size).toBe(0)
  })

  test('a stream shorter than a part is one request', async () => {
    const { store, standIn } = await openTestStore()
    await putStream(store, 'k', inputOf(randomBytes(1000)), wish)
    expect(operations(standIn).slice(1)).toEqual(['HeadObject', 'HeadObject', 'PutObject', 'HeadObject'])
    expect(standIn.handled[3]?.headers).toMatchObject({ 'if-none-match': '*', 'content-md5': expect.any(String) })
  })

  test('an empty stream is an object if it may be', async () => {
    const { store } = await openTestStore()
    await expect(putStream(store, 'k', inputOf(randomBytes(0)), wish)).rejects.toMatchObject({ kind: 'data' })
    expect(await putStream(store, 'k', inputOf(randomBytes(0)), { ...wish, allowEmpty: true })).toMatchObject({
      size: 0,
    })
    expect((await contentOf(store, 'k')).length).toBe(0)
  })

  test('parts carry a checksum that is checked, and the whole another', async () => {
    const { store, standIn } = await openTestStore()
    const object = await putStream(store, 'k', inputOf(randomBytes(20 * mib)), wish)
    const parts = standIn.handled.filter(({ operation }) => operation === 'UploadPart')
    expect(parts.map(({ body }) => body.length / mib)).toEqual([8, 8, 4])
    for (const { headers } of parts) {
      expect(headers).toMatchObject({ 'x-amz-checksum-crc64nvme': expect.any(String) })
      expect(headers).toMatchObject({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })
      expect(headers['content-encoding'] ?? headers['x-amz-trailer']).toBeUndefined()
    }
    const complete = standIn.handled.find(({ operation }) => operation === 'CompleteMultipartUpload')
    expect(complete?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-crc64nvme': Buffer.from(object.checksums.crc64nvme as string, 'hex').toString('base64'),
      'x-amz-mp-object-size': String(20 * mib),
    })
  })

  test('5 MiB parts of the 6 MiB pattern have the ETag that z3 gives', async () => {
    const { store } = await openTestStore({ partBytes: 5 * mib })
    // Each MiB's number and a counter, in turn: 00 00 00 01 … 00 ff 00 00 …
    const pattern = Uint8Array.from({ length: 6 * mib }, (_, at) => (at % 2 === 0 ? at / mib : at >> 1))
    const object = await putStream(store, 'k', inputOf(pattern), wish)
    expect(object.etag).toBe('"d229c1fc0e509475afe56426c89d2724-2"')
  })

  test('asks for nothing that was not asked of it', async () => {
    const { store, standIn } = await openTestStore()
    await putStream(store, 'k', inputOf(randomBytes(8 * mib)), wish)
    const create = standIn.handled.find(({ operation }) => operation === 'CreateMultipartUpload')
    const names = Object.keys(create?.headers ?? {}).filter((name) =>
      /storage|encryption|acl|tagging|lock|payer/.test(name),
    )
    expect(names).toEqual([])
  })

  test('asks for what was asked of it', async () => {
    const lockUntil = new Date('2030-01-02T03:04:05Z')
    const { store, standIn } = await openTestStore({
      requestPayer: true,
      headers: { 'x-custom': 'yes' },
      object: {
        storageClass: 'STANDARD_IA',
        sse: 'aws:kms',
        kmsKeyId: 'key-1',
        tags: { a: 'b c', d: 'e' },
        acl: 'bucket-owner-full-control',
        lockMode: 'GOVERNANCE',
        lockUntil,
        legalHold: true,
      },
    })
    await putStream(store, 'k', inputOf(randomBytes(8 * mib)), wish).catch(() => {})
    const create = standIn.handled.find(({ operation }) => operation === 'CreateMultipartUpload')
    expect(create?.headers).toMatchObject({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'x-amz-tagging': 'a=b%20c&d=e',
      'x-amz-acl': 'bucket-owner-full-control',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-02T03:04:05Z',
      'x-amz-object-lock-legal-hold': 'ON',
      'x-amz-request-payer': 'requester',
      'x-custom': 'yes',
    })
  })
})

describe('a checksum that was asked for and is overlooked', () => {
  const put = async (dialect: keyof typeof dialects, ...faults: Fault[]) => {
    const { standIn, name, bucket } = await openTestStore({}, { dialect: dialects[dialect] })
    const store = storeOn(await withFaults(standIn, faults), name, { checksum: 'crc32c' })
    return { stored: putStream(store, 'k', inputOf(randomBytes(20 * mib)), wish), bucket }
  }

  test.each([
    ['opaque ETags, no checksums', []],
    ['no checksums (old MinIO)', [{ on: 'UploadPart', nth: 2, do: 'flipped-bit-up' }]],
  ] as const)('proves no part: %s %j', async (dialect, faults) => {
    const { stored, bucket } = await put(dialect, ...faults)
    const message = expect.stringMatching(/^part \d of .*k: the answer has neither its crc32c nor its MD5$/)
    await expect(stored).rejects.toMatchObject({ kind: 'unavailable', message })
    expect([bucket.objects.size, bucket.uploads.size]).toEqual([0, 0])
  })

  test('is made up for by ETags that are MD5s', async () => {
    const { stored } = await put('no checksums (old MinIO)')
    expect(await stored).toMatchObject({ size: 20 * mib })
  })
})

describe('an object that is there', () => {
  test('is not replaced, and is known before anything is read', async () => {
    const { store } = await openTestStore()
    await putStream(store, 'k', inputOf(randomBytes(10)), wish)
    await expect(putStream(store, 'k', inputOf(randomBytes(10)), wish)).rejects.toMatchObject({ kind: 'exists' })
  })

  test.each([
    [10, 'S3'],
    [9 * mib, 'S3'],
    [10, 'conditions ignored (Wasabi)'],
    [9 * mib, 'conditions ignored (Wasabi)'],
  ] as const)('that came to be meanwhile stays as it is (%i bytes, %s)', async (size, dialect) => {
    const { store, bucket } = await openTestStore({}, { dialect: dialects[dialect] })
    const other = randomBytes(5, 7)
    const input = inputOf(randomBytes(size))
    const racing = {
      fill: async (target: Uint8Array) => {
        const count = await input.fill(target)
        if (!bucket.objects.has('k')) await putStream(store, 'k', inputOf(other), wish)
        return count
      },
      close: () => input.close(),
    }
    await expect(putStream(store, 'k', racing, wish)).rejects.toMatchObject({ kind: 'exists' })
    expect(Buffer.compare(await contentOf(store, 'k'), other)).toBe(0)
    expect(bucket.uploads.size).toBe(0)
  })

  test('is replaced where that was asked for', async () => {
    const { store } = await openTestStore()
    for (const size of [10, 9 * mib, 20]) {
      const bytes = randomBytes(size, size)
      await putStream(store, 'k', inputOf(bytes), { ...wish, overwrite: true })
      expect(Buffer.compare(await contentOf(store, 'k'), bytes)).toBe(0)
    }
  })
})

describe('list, unfinished, remove', () => {
  test('list gives what lies under a prefix, with its metadata', async () => {
    const { store } = await openTestStore()
    for (const key of ['a/1', 'a/2', 'b/1']) {
      await putStream(store, key, inputOf(randomBytes(3)), { ...wish, metadata: () => ({ name: key }) })
    }
    const found = await all(store.list('a/'))
    expect(found.map(({ key, metadata }) => [key, metadata['name']])).toEqual([
      ['a/1', 'a/1'],
      ['a/2', 'a/2'],
    ])
    await store.remove('a/1')
    await store.remove('a/1')
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['a/2', 'b/1'])
  })

  test('an object that the store does not describe to us is flawed, and stops no list', async () => {
    const { store, bucket, client, name } = await openTestStore()
    for (const key of ['a', 'c']) await putStream(store, key, inputOf(randomBytes(3)), wish)
    const SSECustomerKey = Buffer.alloc(32, 'k').toString('base64')
    const own = { SSECustomerAlgorithm: 'AES256', SSECustomerKey }
    await client.send(new PutObjectCommand({ Bucket: name, Key: 'b', Body: 'theirs', ...own }))
    expect(bucket.objects.size).toBe(3)
    const found = await all(store.list(''))
    expect(found.map(({ key, size, flaw }) => [key, size, flaw])).toEqual([
      ['a', 3, undefined],
      ['b', 6, expect.stringContaining('InvalidRequest: The object was stored using a form of')],
      ['c', 3, undefined],
    ])
    await expect(store.describe('b')).rejects.toThrow('InvalidRequest')
  })

  test('an upload that was left is found and removed', async () => {
    const { store, bucket } = await openTestStore()
    const upload = await store.create('k', { overwrite: false, metadata: {} })
    await upload.putPart({ number: 1, offset: 0, bytes: randomBytes(8 * mib) })
    const [left] = await all(store.unfinished(''))
    expect(left).toMatchObject({ key: 'k', storedBytes: 8 * mib, mayBeResumed: true })
    expect(await store.describe('k')).toBeUndefined()
    await store.remove(left as NonNullable<typeof left>)
    expect(bucket.uploads.size).toBe(0)
  })
})

test('what is not there is undefined, or unavailable', async () => {
  const { store } = await openTestStore()
  expect(await store.describe('k')).toBeUndefined()
  await expect(store.open('k')).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('/k: no such'),
  })
})

test('a store that allows 1,000 parts gets no more', async () => {
  const { store, bucket } = await openTestStore({ maxParts: 2, partBytes: 5 * mib }, { maxParts: 2 })
  await expect(putStream(store, 'k', inputOf(randomBytes(10 * mib + 1)), wish)).rejects.toThrow(
    'longer than the 10485760',
  )
  expect([bucket.objects.size, bucket.uploads.size]).toEqual([0, 0])
  await putStream(store, 'k', inputOf(randomBytes(10 * mib)), wish)
})

const listings = {
  objects: ['ListBucketResult', (store: Store) => all(store.list(''))],
  uploads: ['ListMultipartUploadsResult', (store: Store) => all(store.unfinished(''))],
  parts: ['ListPartsResult', (store: Store) => all(store.unfinished(''))],
} as const
const oneUpload =
  '<Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload><IsTruncated>false</IsTruncated>'
test.each([
  ['objects', 'breaks off without saying how it goes on', ''],
  ['uploads', 'breaks off without saying how it goes on', ''],
  ['parts', 'breaks off without saying how it goes on', ''],
  ['parts', 'goes on with itself', '<NextPartNumberMarker>1</NextPartNumberMarker>'],
  ['objects', 'goes on with itself', '<NextContinuationToken>t</NextContinuationToken>'],
  ['uploads', 'goes on with itself', '<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>'],
] as const)('a list of %s that %s is no whole list', async (what, _, next) => {
  const [element, list] = listings[what]
  const server = createServer(({ url = '' }, answer) => {
    const isOfUploads = what === 'parts' && !url.includes('uploadId=')
    if (isOfUploads) answer.end(`<ListMultipartUploadsResult>${oneUpload}</ListMultipartUploadsResult>`)
    else answer.end(`<${element}><IsTruncated>true</IsTruncated>${next}</${element}>`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const keys = { region: 'us-east-1', accessKey: 'key', secretKey: 'secret' }
  const store = storeOn({ endpoint: `http://127.0.0.1:${port}`, ...keys }, 'bucket')
  await expect(list(store)).rejects.toMatchObject({ kind: 'protocol' })
})
