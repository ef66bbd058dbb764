import { gzipSync } from 'node:zlib'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { start } from '../fakes/programs.ts'
import { bytesOf, completeStreams, whyNoStreams } from '../fakes/recorded-streams.ts'
import { dialects } from '../fakes/s3-server/dialect.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { storeOn } from '../store/s3/store-on.ts'

const mib = 1024 * 1024
const key = 'z3-backup/tank/data set@zfs-auto-snap:daily-2015-01-01'

/** Each MiB's number and a counter, in turn; its ETag in parts of 5 MiB is known from z3. */
const pattern = Buffer.from(Uint8Array.from({ length: 6 * mib }, (_, at) => (at % 2 === 0 ? at / mib : at >> 1)))
const etagOfPattern = '"d229c1fc0e509475afe56426c89d2724-2"'

describe.each(hostNames)("z3's objects on %s", (host) => {
  const test = testOn(host)

  test('a full backup comes back, and decompressed is the stream', async ({ s3, skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const stream = streamNamed('R-full.zfs')
    const stored = gzipSync(stream, { level: 1 })
    await putAsZ3(s3, stored, { size: String(stream.length), isfull: 'true', compressor: 'pigz1' })
    expect(await get(s3, ['--format', 'zfs'], stored)).toEqual({ status: 0, stderr: '', isSame: true })
    expect(await get(s3, ['--format', 'zfs', '--decompress'], stream)).toEqual({ status: 0, stderr: '', isSame: true })
  })

  test('an uncompressed increment, its parent percent-encoded, comes back', async ({ s3, skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const stream = streamNamed('fuse-incr-i.zfs')
    await putAsZ3(s3, stream, { size: '1', parent: 'tank/data%20set@zfs-auto-snap:daily-2014-12-31' })
    expect(await get(s3, ['--format', 'zfs'], stream)).toEqual({ status: 0, stderr: '', isSame: true })
  })

  test('a truncated one, which z3 would have stored, is not given as good', async ({ s3, skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const stream = streamNamed('R-full.zfs').subarray(0, -400)
    await putAsZ3(s3, stream, { size: '1', isfull: 'true' })
    expect(await get(s3, ['--format', 'zfs'], stream)).toMatchObject({ status: 65, isSame: false })
  })
})

describe('the older spelling is_full', () => {
  test('comes back as it was written, and so does the stream', async ({ skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const s3 = await standInWithBucket()
    const stream = streamNamed('R-full.zfs')
    await putAsZ3(s3, gzipSync(stream, { level: 1 }), { size: '1', is_full: 'true', compressor: 'pigz1' })
    const { headers } = s3.standIn.bucket(s3.name).objects.get(key)!
    expect(headers).toHaveProperty('x-amz-meta-is_full', 'true')
    expect(await get(s3, ['--format', 'zfs', '--decompress'], stream)).toEqual({ status: 0, stderr: '', isSame: true })
    const described = await storeOn(s3.standIn, s3.name).describe(key)
    expect(described?.metadata).toMatchObject({ is_full: 'true', size: '1' })
  })
})

describe('an object of several parts that only its ETag proves', () => {
  test('comes back from a server that tells the sizes of parts', async () => {
    const s3 = await standInWithBucket()
    await putAsZ3(s3, pattern, { size: '6291456', isfull: 'true' })
    expect(await etagOf(s3)).toBe(etagOfPattern)
    expect(await get(s3, ['--format', 'bytes'], pattern)).toEqual({ status: 0, stderr: '', isSame: true })
  })

  test.each([[[5, 6, 1]], [[0]]])('comes back though others cut it in %j MiB', async (mibs) => {
    const s3 = await standInWithBucket({ dialect: dialects['no checksums (old MinIO)'] })
    const sizes = mibs.map((count) => count * mib)
    const bytes = Buffer.alloc(
      sizes.reduce((a, b) => a + b),
      pattern,
    )
    await putAsZ3(s3, bytes, {}, sizes)
    expect(await get(s3, ['--format', 'bytes'], bytes)).toEqual({ status: 0, stderr: '', isSame: true })
  })

  testOn('swift')('does not from swift, which does not, unless it need not be proven', async ({ s3 }) => {
    await putAsZ3(s3, pattern, { size: '6291456', isfull: 'true' })
    expect(await etagOf(s3)).toBe(etagOfPattern)
    expect(await get(s3, ['--format', 'bytes'], pattern)).toMatchObject({ status: 65, isSame: false })
    expect(await get(s3, ['--no-verify'], pattern)).toMatchObject({ status: 0, isSame: true })
  })

  testOn('swift')('has the same ETag when pput writes it', async ({ s3 }) => {
    const { child, ended } = start('pput', ['--format', 'bytes', '-s', '5M', s3.url(key)], s3.environment)
    child.stdin.end(pattern)
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
    expect(await etagOf(s3)).toBe(etagOfPattern)
    expect(await get(s3, ['--format', 'bytes'], pattern)).toEqual({ status: 0, stderr: '', isSame: true })
  })
})

async function etagOf({ client, name }: Bucket): Promise<string | undefined> {
  return (await client.send(new HeadObjectCommand({ Bucket: name, Key: key }))).ETag
}

function streamNamed(name: string): Buffer {
  return Buffer.from(bytesOf(completeStreams.find((stream) => stream.name === name)!))
}

/** z3 makes a multipart upload of everything, with no checksum but MD5, and leaves no word on the sizes of parts. */
async function putAsZ3(
  { client, name }: Bucket,
  bytes: Buffer,
  Metadata: Record<string, string>,
  sizes: readonly number[] = Array.from({ length: Math.ceil(bytes.length / (5 * mib)) }, () => 5 * mib),
): Promise<void> {
  const at = { Bucket: name, Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Metadata }))
  const Parts: CompletedPart[] = []
  let offset = 0
  for (const size of sizes) {
    const PartNumber = Parts.length + 1
    const Body = bytes.subarray(offset, offset + size)
    const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }))
    Parts.push({ PartNumber, ETag })
    offset += size
  }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
}

async function get({ url, environment }: Bucket, words: readonly string[], expected: Buffer) {
  const { child, ended } = start('pget', [...words, url(key)], environment)
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  const { status, stderr } = await ended
  return { status, stderr, isSame: Buffer.concat(pieces).equals(expected) }
}
