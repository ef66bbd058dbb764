import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { type Bucket, clientOf, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'

// What the servers do without our programs: the tests of these rest on it.
describe.each(hostNames)('%s', (host) => {
  const test = testOn(host)

  test('gives back what was put, with its metadata', async ({ s3 }) => {
    await put(s3, { Body: 'twelve bytes', Metadata: { 'zfs-guid': 'a45cb216' } })
    const { Body, Metadata } = await s3.client.send(new GetObjectCommand({ Bucket: s3.name, Key: 'key' }))
    expect([await Body?.transformToString(), Metadata?.['zfs-guid']]).toEqual(['twelve bytes', 'a45cb216'])
  })

  test('refuses a wrong secret', async ({ s3 }) => {
    const stranger = { ...s3, client: clientOf({ ...s3.server, secretKey: 'wrong' }) }
    await expect(put(stranger, { Body: 'x' })).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  })

  test('refuses a body that is not its Content-MD5', async ({ s3 }) => {
    const wrong = { Body: 'x', ContentMD5: 'rL0Y20zC+Fzt72VPzMSk2A==' }
    await expect(put(s3, wrong)).rejects.toMatchObject({ name: 'BadDigest' })
  })

  test('has an upload in its list, with its parts, until it is complete', async ({ s3 }) => {
    const at = { Bucket: s3.name, Key: 'key' }
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(at))
    const bytes = randomBytes(5 * 1024 * 1024)
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: bytes }))
    expect((await uploads(s3)).map((upload) => upload.UploadId)).toEqual([UploadId])
    const { Parts } = await s3.client.send(new ListPartsCommand({ ...at, UploadId }))
    expect(Parts).toMatchObject([{ PartNumber: 1, Size: bytes.length, ETag }])

    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await s3.client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
    expect(await uploads(s3)).toEqual([])
    const { Body } = await s3.client.send(new GetObjectCommand({ ...at, Range: 'bytes=1000-1999' }))
    expect(await Body?.transformToByteArray()).toEqual(new Uint8Array(bytes.subarray(1000, 2000)))
  })
})

describe('a PUT with If-None-Match: *, where the key is taken', () => {
  testOn('radosgw')('radosgw refuses it', async ({ s3 }) => {
    await put(s3, { Body: 'first' })
    const second = put(s3, { Body: 'second', IfNoneMatch: '*' })
    await expect(second).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } })
  })

  testOn('swift')('swift does not know it', async ({ s3 }) => {
    const put501 = put(s3, { Body: 'first', IfNoneMatch: '*' })
    await expect(put501).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
  })
})

function put({ client, name }: Bucket, input: Partial<PutObjectCommand['input']>) {
  return client.send(new PutObjectCommand({ Bucket: name, Key: 'key', ...input }))
}

async function uploads({ client, name }: Bucket) {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }))
  return Uploads
}
