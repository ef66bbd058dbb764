import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Bucket } from '../../s3-hosts/buckets.ts'
import { checksumOf, compositeOf, md5Of } from './checksums.ts'
import { standInWithBucket } from './started.ts'

const minPartBytes = 1000
const first = Buffer.alloc(minPartBytes, 'first')
const last = Buffer.from('last')
const whole = Buffer.concat([first, last])

let bucket: Bucket
beforeEach(async () => {
  bucket = await standInWithBucket({ minPartBytes, maxParts: 1000 })
})

describe('an upload', () => {
  test('becomes an object at its completion, with the checksum of the whole and an ETag of MD5s', async () => {
    const UploadId = await create()
    const parts = [await part(UploadId, 1, first), await part(UploadId, 2, last)]
    await expect(head()).rejects.toMatchObject({ name: 'NotFound' })
    const ChecksumCRC64NVME = checksumOf('CRC64NVME', whole).value
    const ETag = `"${md5Of(Buffer.concat([md5Of(first), md5Of(last)])).toString('hex')}-2"`
    expect(await complete(UploadId, parts, { ChecksumCRC64NVME })).toMatchObject({ ETag, ChecksumCRC64NVME })
    const described = { ETag, ContentLength: 1004, ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' }
    expect(await head({ ChecksumMode: 'ENABLED' })).toMatchObject({ ...described, Metadata: { k: 'v' } })
    expect(await head()).not.toHaveProperty('ChecksumCRC64NVME')
    expect(await head({ PartNumber: 1 })).toMatchObject({ ContentLength: minPartBytes, PartsCount: 2 })
  })

  test.each([
    ['another full-object checksum', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['another size', { MpuObjectSize: 1005 }, 'InvalidRequest'],
    ['another checksum type', { ChecksumType: 'COMPOSITE' }, 'InvalidRequest'],
  ] as const)('is not completed with %s', async (_, proof, name) => {
    const UploadId = await create()
    const parts = [await part(UploadId, 1, first), await part(UploadId, 2, last)]
    await expect(complete(UploadId, parts, proof)).rejects.toMatchObject({ name })
    await expect(head()).rejects.toMatchObject({ name: 'NotFound' })
  })

  test('is not completed with If-None-Match: * where the key is taken', async () => {
    const one = await create()
    await complete(one, [await part(one, 1, last)], { IfNoneMatch: '*' })
    const two = await create()
    const refused = complete(two, [await part(two, 1, first)], { IfNoneMatch: '*' })
    await expect(refused).rejects.toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } })
    expect((await head()).ContentLength).toBe(last.length)
  })

  test('is not completed with parts that are small, missing, others, out of order or none', async () => {
    const UploadId = await create()
    const [one, two] = [await part(UploadId, 1, last), await part(UploadId, 2, last)]
    await expect(complete(UploadId, [one, two])).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await expect(complete(UploadId, [two, one])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete(UploadId, [{ ...two, PartNumber: 3 }])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete(UploadId, [{ ...two, ETag: 'x' }])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete(UploadId, [])).rejects.toMatchObject({ name: 'MalformedXML' })
  })

  test('with a composite type needs the checksum of every part', async () => {
    const UploadId = await create({ ChecksumAlgorithm: 'CRC32' })
    const ChecksumCRC32 = checksumOf('CRC32', last).value
    const uploaded = await part(UploadId, 1, last, { ChecksumCRC32 })
    await expect(complete(UploadId, [uploaded])).rejects.toMatchObject({ name: 'InvalidRequest' })
    const { value } = compositeOf('CRC32', [checksumOf('CRC32', last)])
    expect(await complete(UploadId, [{ ...uploaded, ChecksumCRC32 }])).toMatchObject({ ChecksumCRC32: value })
  })

  test('is gone when it was aborted or completed', async () => {
    const UploadId = await create()
    const parts = [await part(UploadId, 1, last)]
    expect(await uploads()).toMatchObject([{ UploadId, Key: 'key' }])
    await bucket.client.send(new AbortMultipartUploadCommand({ ...at(), UploadId }))
    expect(await uploads()).toEqual([])
    const gone = { name: 'NoSuchUpload', $metadata: { httpStatusCode: 404 } }
    await expect(complete(UploadId, parts)).rejects.toMatchObject(gone)
    await expect(part(UploadId, 2, last)).rejects.toMatchObject(gone)
    await expect(bucket.client.send(new ListPartsCommand({ ...at(), UploadId }))).rejects.toMatchObject(gone)
  })
})

describe('a part', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const)(
    'is held against its %s',
    async (ChecksumAlgorithm) => {
      const UploadId = await create({ ChecksumAlgorithm })
      const name = `Checksum${ChecksumAlgorithm}`
      const { value } = checksumOf(ChecksumAlgorithm, last)
      const other = checksumOf(ChecksumAlgorithm, first).value
      expect(await part(UploadId, 1, last, { [name]: value })).toMatchObject({ PartNumber: 1 })
      await expect(part(UploadId, 2, last, { [name]: other })).rejects.toMatchObject({ name: 'BadDigest' })
      const { Parts } = await bucket.client.send(new ListPartsCommand({ ...at(), UploadId }))
      expect(Parts).toMatchObject([{ PartNumber: 1, [name]: value }])
    },
  )

  test('is held against its MD5', async () => {
    const wrong = { ContentMD5: md5Of(first).toString('base64') }
    await expect(part(await create(), 1, last, wrong)).rejects.toMatchObject({ name: 'BadDigest' })
  })

  test("with another checksum than the upload's is refused", async () => {
    const { value: ChecksumCRC32 } = checksumOf('CRC32', last)
    await expect(part(await create(), 1, last, { ChecksumCRC32 })).rejects.toMatchObject({ name: 'InvalidRequest' })
  })

  test('beyond the last that the store allows is refused', async () => {
    const UploadId = await create()
    await expect(part(UploadId, 1000, last)).resolves.toMatchObject({ PartNumber: 1000 })
    await expect(part(UploadId, 1001, last)).rejects.toMatchObject({ name: 'InvalidArgument' })
  })
})

describe('pages', () => {
  test('of parts', async () => {
    const UploadId = await create()
    for (const number of [3, 1, 2]) await part(UploadId, number, last)
    const list = (marker?: string) =>
      bucket.client.send(new ListPartsCommand({ ...at(), UploadId, MaxParts: 2, PartNumberMarker: marker }))
    const { Parts, IsTruncated, NextPartNumberMarker } = await list()
    expect([Parts?.map((one) => one.PartNumber), IsTruncated]).toEqual([[1, 2], true])
    const rest = await list(NextPartNumberMarker)
    expect([rest.Parts?.map((one) => one.PartNumber), rest.IsTruncated]).toEqual([[3], false])
  })

  test('of uploads, also of one key', async () => {
    const ids = [await create(), await create(), await create({ Key: 'next' })]
    const one = await page({})
    expect(one.Uploads).toMatchObject([{ UploadId: ids[0] }, { UploadId: ids[1] }])
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = one
    expect((await page({ KeyMarker, UploadIdMarker })).Uploads).toMatchObject([{ UploadId: ids[2], Key: 'next' }])
    expect((await page({ Prefix: 'n' })).Uploads).toMatchObject([{ Key: 'next' }])
  })

  test("of an object's attributes", async () => {
    const UploadId = await create()
    await complete(UploadId, [await part(UploadId, 1, first), await part(UploadId, 2, last)])
    const ObjectAttributes = ['ObjectParts', 'Checksum', 'ObjectSize'] as const
    const ask = (PartNumberMarker: string) =>
      bucket.client.send(
        new GetObjectAttributesCommand({
          ...at(),
          ObjectAttributes: [...ObjectAttributes],
          MaxParts: 1,
          PartNumberMarker,
        }),
      )
    const size = { ObjectSize: 1004, Checksum: { ChecksumType: 'FULL_OBJECT' } }
    expect(await ask('0')).toMatchObject({ ...size, ObjectParts: { TotalPartsCount: 2, IsTruncated: true } })
    expect(await ask('1')).toMatchObject({ ObjectParts: { IsTruncated: false, Parts: [{ PartNumber: 2, Size: 4 }] } })
  })
})

const at = () => ({ Bucket: bucket.name, Key: 'key' })

async function create(input: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const command = new CreateMultipartUploadCommand({ ...at(), Metadata: { k: 'v' }, ...input })
  return (await bucket.client.send(command)).UploadId!
}

async function part(UploadId: string, PartNumber: number, Body: Buffer, input: Partial<UploadPartCommandInput> = {}) {
  const command = new UploadPartCommand({ ...at(), UploadId, PartNumber, Body, ...input })
  return { PartNumber, ETag: (await bucket.client.send(command)).ETag! }
}

function complete(
  UploadId: string,
  Parts: readonly CompletedPart[],
  input: Partial<CompleteMultipartUploadCommandInput> = {},
) {
  const MultipartUpload = { Parts: [...Parts] }
  return bucket.client.send(new CompleteMultipartUploadCommand({ ...at(), UploadId, MultipartUpload, ...input }))
}

function head(input: { ChecksumMode?: 'ENABLED'; PartNumber?: number } = {}) {
  return bucket.client.send(new HeadObjectCommand({ ...at(), ...input }))
}

function page(input: object) {
  return bucket.client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, MaxUploads: 2, ...input }))
}

async function uploads() {
  return (await page({})).Uploads ?? []
}
