import { once } from 'node:events'
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { S3Connection } from '../../../src/store/s3/connection.ts'
import { headObject } from '../../../src/store/s3/head.ts'
import { confirm, type PublishOutput, publishOnce } from '../../../src/store/s3/publication.ts'

const expected = { size: 5, etag: undefined, crc: undefined }
const { signal } = new AbortController()
const ours = { key: 'key', id: 'ours', overwrite: true, input: { Metadata: {} }, signal }
const there = {
  etag: '"opaque"',
  'content-length': '5',
  'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'x-amz-meta-zpipes-upload': 'ours',
}

test('what the answer names by its ETag, and a HEAD finds, is confirmed', async () => {
  expect(await confirmed(there, { ETag: '"opaque"' })).toMatchObject({ size: 5, etag: '"opaque"' })
})

test('an answer without an ETag: the object is known by the upload that is named in its metadata', async () => {
  expect(await confirmed(there, {})).toMatchObject({ size: 5 })
})

test('an answer without an ETag, and an object of another upload, of the same size: nothing was stored perhaps', async () => {
  const older = { ...there, 'x-amz-meta-zpipes-upload': 'another' }
  await expect(confirmed(older, {})).rejects.toThrow('the answer has no ETag, and the object of 2026-01-01')
  await expect(confirmed(older, { ETag: '' })).rejects.toBeInstanceOf(Failure)
})

test('an answer without an ETag: an object with our checksum is ours, whatever its upload was', async () => {
  const resumed = { ...there, 'x-amz-meta-zpipes-upload': 'another', 'x-amz-checksum-crc32c': 'yZRlqg==' }
  const crc = { name: 'crc32c', hex: 'c99465aa' } as const
  expect(await confirmed(resumed, {}, { ...expected, crc })).toMatchObject({ size: 5 })
})

test('a lost answer: what was gone on with has the id of the upload that broke, and is known by our checksum', async () => {
  const crc = { name: 'crc32c', hex: 'c99465aa' } as const
  const resumed = { ...there, 'x-amz-meta-zpipes-upload': 'another', 'x-amz-checksum-crc32c': 'yZRlqg==' }
  const bucket = await bucketWith(resumed, 60_000)
  const published = (isResumed: boolean) => {
    const lost = Object.assign(new Error('lost'), { code: 'ECONNRESET' })
    const gone = Object.assign(new Error('gone'), { name: 'NoSuchUpload', $metadata: { httpStatusCode: 404 } })
    const answers = [lost, gone]
    const publication = { ...ours, isResumed }
    return publishOnce(bucket, publication, { ...expected, crc }, () => Promise.reject(answers.shift()))
  }
  expect(await published(true)).toMatchObject({ ETag: '"opaque"' })
  await expect(published(false)).rejects.toMatchObject({ kind: 'retry' })
})

test('an object without a length is not an empty one', async () => {
  const { 'content-length': _, ...unmeasured } = there
  const bucket = await bucketWith({ ...unmeasured, 'transfer-encoding': 'chunked' })
  await expect(headObject(bucket, 'key')).rejects.toThrow('s3://bucket/key: the answer tells no length')
})

async function confirmed(
  head: OutgoingHttpHeaders,
  output: PublishOutput,
  wanted: Parameters<typeof confirm>[2] = expected,
) {
  return confirm(await bucketWith(head), ours, wanted, output)
}

/** A bucket whose one object has these headers. */
async function bucketWith(head: OutgoingHttpHeaders, retryForMs = 100) {
  const server = createServer((_request, response) => {
    response.writeHead(200, head)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const credentials = { accessKeyId: 'x', secretAccessKey: 'y' }
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { connection: new S3Connection({ endpoint, credentials, retryForMs }), name: 'bucket', prefix: '' }
}
