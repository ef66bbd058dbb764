import {
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3'
import type { BuildMiddleware } from '@smithy/types'
import { describe, expect, test } from 'vitest'
import { clientOf } from '../../s3-hosts/buckets.ts'
import { checkSignature } from './signature.ts'
import { standInWithBucket } from './started.ts'

// "Example: GET Object" of "Signature Calculations for the Authorization Header", Amazon S3 API reference.
const credentials = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}
const authorization =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
  'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
  'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'
const example = {
  method: 'GET',
  path: '/test.txt',
  search: '',
  headers: {
    authorization,
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
  },
  body: new Uint8Array(),
}
const then = Date.parse('2013-05-24T00:00:00Z')

describe("the API reference's own example", () => {
  test('is accepted', () => expect(() => checkSignature(example, credentials, then)).not.toThrow())

  test.each([
    ['another path', { path: '/test.tx' }, 'SignatureDoesNotMatch'],
    ['another query', { search: 'acl' }, 'SignatureDoesNotMatch'],
    ['another method', { method: 'PUT' }, 'SignatureDoesNotMatch'],
    ['another body', { body: new Uint8Array(1) }, 'XAmzContentSHA256Mismatch'],
    ['another range', { headers: { ...example.headers, range: 'bytes=0-8' } }, 'SignatureDoesNotMatch'],
    ['a header more', { headers: { ...example.headers, 'x-amz-acl': 'private' } }, 'AccessDenied'],
    ['no authorization', { headers: {} }, 'AccessDenied'],
  ])('with %s it is refused', (_, change, code) => {
    expect(() => checkSignature({ ...example, ...change }, credentials, then)).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test.each([
    ['accessKey', 'InvalidAccessKeyId'],
    ['secretKey', 'SignatureDoesNotMatch'],
    ['region', 'AuthorizationHeaderMalformed'],
  ])('with another %s it is refused', (name, code) => {
    const wrong = { ...credentials, [name]: 'another' }
    expect(() => checkSignature(example, wrong, then)).toThrow(expect.objectContaining({ code }))
  })

  test.each([16, -16])('%d minutes off it is refused', (minutes) => {
    const refused = () => checkSignature(example, credentials, then + minutes * 60_000)
    expect(refused).toThrow(expect.objectContaining({ code: 'RequestTimeTooSkewed' }))
  })
})

describe("the SDK's requests", () => {
  const key = "tank/home @mon: it's+a~key%20(é)"

  test('are accepted whatever the key, and its bytes come back', async () => {
    const { client, name: Bucket } = await standInWithBucket()
    await client.send(new PutObjectCommand({ Bucket, Key: key, Body: 'bytes', Metadata: { a: 'two  blanks' } }))
    expect(await bodyOf(client, Bucket, key)).toBe('bytes')
  })

  test('are refused with the wrong secret', async () => {
    const { standIn, name } = await standInWithBucket()
    const stranger = clientOf({ ...standIn, secretKey: 'wrong' })
    await expect(bodyOf(stranger, name, key)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  })

  test('of a clock an hour behind are refused, and succeed when the SDK has corrected it', async () => {
    const { client, name: Bucket, standIn } = await standInWithBucket({ clockAheadMs: 3_600_000 })
    await client.send(new PutObjectCommand({ Bucket, Key: key, Body: 'bytes' }))
    expect(standIn.handled.map(({ code }) => code)).toContain('RequestTimeTooSkewed')
    expect(standIn.handled.at(-1)).toMatchObject({ operation: 'PutObject', status: 200 })
  })

  test('in aws-chunked pieces are not implemented, as in some servers', async () => {
    const { client, name: Bucket } = await standInWithBucket()
    client.middlewareStack.add(inPieces, { step: 'build' })
    const put = client.send(new PutObjectCommand({ Bucket, Key: key, Body: 'bytes' }))
    await expect(put).rejects.toMatchObject({ name: 'NotImplemented' })
  })
})

const inPieces: BuildMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
  const { headers } = args.request as { headers: Record<string, string> }
  headers['x-amz-content-sha256'] = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  return next(args)
}

async function bodyOf(client: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Body?.transformToString()
}
