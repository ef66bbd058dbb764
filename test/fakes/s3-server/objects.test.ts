import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Bucket } from '../../s3-hosts/buckets.ts'
import { checksumOf, md5Of } from './checksums.ts'
import type { StandIn } from './server.ts'
import { standInWithBucket } from './started.ts'

const body = Buffer.from('0123456789')

let bucket: Bucket & { standIn: StandIn }
beforeEach(async () => {
  bucket = await standInWithBucket()
})

describe('PUT', () => {
  test('gives the ETag and the checksum, and keeps what the headers say', async () => {
    const asked = { StorageClass: 'GLACIER_IR', ServerSideEncryption: 'AES256', Tagging: 'a=1&b=2' } as const
    const ETag = `"${md5Of(body).toString('hex')}"`
    const ChecksumCRC64NVME = checksumOf('CRC64NVME', body).value
    expect(await put({ ...asked, ChecksumCRC64NVME })).toMatchObject({ ETag, ChecksumCRC64NVME })
    expect(bucket.standIn.bucket(bucket.name).objects.get('key')?.headers).toMatchObject({
      'x-amz-storage-class': 'GLACIER_IR',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-tagging': 'a=1&b=2',
    })
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: 'key' }))
    expect(head).toMatchObject({ StorageClass: 'GLACIER_IR', TagCount: 2, ContentLength: 10, ETag })
  })

  test('with If-None-Match: * creates and does not replace', async () => {
    await put({ IfNoneMatch: '*' })
    await expect(put({ IfNoneMatch: '*', Body: 'other' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect(await got()).toBe('0123456789')
  })

  test('into a bucket that is not there is refused', async () => {
    await expect(put({ Bucket: 'none' })).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })
})

describe('GET', () => {
  beforeEach(async () => void (await put({})))

  test.each([
    ['bytes=2-4', '234'],
    ['bytes=7-100', '789'],
    ['bytes=-3', '789'],
    ['bytes=8-', '89'],
  ])('of %s', async (Range, text) => expect(await got({ Range })).toBe(text))

  test('of bytes behind the end is refused', async () => {
    await expect(got({ Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' })
  })

  test('with the ETag of another is refused', async () => {
    await expect(got({ IfMatch: '"another"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect(await got({ IfMatch: `"${md5Of(body).toString('hex')}"` })).toBe('0123456789')
  })

  test('of what is not there, or no more, is refused', async () => {
    await expect(got({ Key: 'none' })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: 'key' }))
    await expect(got()).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

test('pages of a list, in the order of bytes', async () => {
  for (const Key of ['b', 'a/2', 'a/1', 'a-']) await put({ Key })
  const list = (ContinuationToken?: string) =>
    bucket.client.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: 'a', MaxKeys: 2, ContinuationToken }))
  const { Contents, NextContinuationToken } = await list()
  expect(Contents?.map(({ Key }) => Key)).toEqual(['a-', 'a/1'])
  expect((await list(NextContinuationToken)).Contents).toMatchObject([{ Key: 'a/2', Size: 10 }])
})

function put(input: Partial<PutObjectCommandInput>) {
  return bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'key', Body: body, ...input }))
}

async function got(input: Partial<GetObjectCommandInput> = {}) {
  const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: 'key', ...input }))
  return Body?.transformToString()
}
