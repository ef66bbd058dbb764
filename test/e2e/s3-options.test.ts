import {
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { hiding, overlooking } from '../fakes/s3-server/dialect.ts'
import { startStandIn } from '../fakes/s3-server/server.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type Bucket, createBucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'

const mib = 1024 * 1024
const small = Buffer.from(randomBytes(1000))
const large = Buffer.from(randomBytes(11 * mib))
const bytesOnly = ['--format', 'bytes']
const inParts = [...bytesOnly, '--part-size', '5M']
const done = { status: 0, stderr: '' }

/** What is asked for, and the headers that ask the server for it. */
const wishes: readonly (readonly [words: readonly string[], headers: Readonly<Record<string, unknown>>])[] = [
  [['--storage-class', 'STANDARD_IA'], { 'x-amz-storage-class': 'STANDARD_IA' }],
  [['--sse', 'AES256'], { 'x-amz-server-side-encryption': 'AES256' }],
  [
    ['--sse', 'aws:kms', '--sse-kms-key-id', 'alias/backup'],
    {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/backup',
    },
  ],
  [
    ['--sse-kms-key-id', 'alias/backup'],
    {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/backup',
    },
  ],
  [['--sse', 'aws:kms:dsse'], { 'x-amz-server-side-encryption': 'aws:kms:dsse' }],
  [['--tag', 'keep=7 years', '--tag', 'who=a&b=c'], { 'x-amz-tagging': 'keep=7%20years&who=a%26b%3Dc' }],
  [['--acl', 'bucket-owner-full-control'], { 'x-amz-acl': 'bucket-owner-full-control' }],
  [
    ['--lock-mode', 'COMPLIANCE', '--lock-until', '2099-01-31'],
    {
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': expect.stringMatching(/^2099-01-31T00:00:00(\.000)?Z$/),
    },
  ],
]

const alwaysSent: readonly (readonly [words: readonly string[], headers: Readonly<Record<string, unknown>>])[] = [
  [['--request-payer'], { 'x-amz-request-payer': 'requester' }],
  [['--header', 'x-amz-expected-bucket-owner=111122223333'], { 'x-amz-expected-bucket-owner': '111122223333' }],
  [['--header', 'x-note=a=b'], { 'x-note': 'a=b' }],
]

describe('what a new object gets, of one request and of parts', () => {
  test.each(wishes)('%j', async (words, headers) => {
    const { standIn, ...bucket } = await standInWithBucket()
    expect(await pput(bucket, small, [...bytesOnly, ...words], 'small')).toMatchObject(done)
    expect(await pput(bucket, large, [...inParts, ...words], 'large')).toMatchObject(done)
    const of = (name: string) => standIn.handled.filter(({ operation }) => operation === name)
    expect(of('PutObject').at(-1)?.headers).toMatchObject(headers)
    expect(of('CreateMultipartUpload').at(-1)?.headers).toMatchObject(headers)
    // A part has none of them: S3 refuses some there.
    for (const part of of('UploadPart'))
      expect(Object.keys(part.headers)).not.toEqual(expect.arrayContaining(Object.keys(headers)))
  })

  test('--lock-days counts from now', async () => {
    const { standIn, ...bucket } = await standInWithBucket()
    const words = [...bytesOnly, '--lock-mode', 'GOVERNANCE', '--lock-days', '30']
    expect(await pput(bucket, small, words)).toMatchObject(done)
    const { headers } = standIn.handled.find(({ operation }) => operation === 'PutObject')!
    const days = (Date.parse(String(headers['x-amz-object-lock-retain-until-date'])) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29.99)
    expect(days).toBeLessThanOrEqual(30)
  })

  test('is nothing that was not asked for', async () => {
    const { standIn, ...bucket } = await standInWithBucket()
    expect(await pput(bucket, large, inParts)).toMatchObject(done)
    const names = standIn.handled.flatMap(({ headers }) => Object.keys(headers))
    const asked = /storage-class|encryption|tagging|acl|object-lock|request-payer|expected-bucket-owner/
    expect(names.filter((name) => asked.test(name))).toEqual([])
  })
})

describe('what the store does not keep, or does not tell', () => {
  const lock = [...inParts, '--lock-mode', 'COMPLIANCE', '--lock-until', '2099-01-31']
  const wishes = [...inParts, '--tag', 'a=b', '--tag', 'c=d', '--sse', 'AES256']

  test('a lock that is not there: 69, and the object is whole', async () => {
    const bucket = await standInWithBucket({ dialect: overlooking })
    expect(await pput(bucket, large, lock)).toMatchObject({
      status: 69,
      stderr: [
        `pput: ${bucket.url('key')}: was stored, but is not locked: its mode is none in the store, COMPLIANCE was sent`,
        'pput: hint: the object is whole, and anybody with a key can remove it: a store that keeps locks is needed',
        '',
      ].join('\n'),
    })
    expect((await head(bucket)).ContentLength).toBe(large.length)
    expect(await pput(bucket, small, lock, 'small')).toMatchObject(done)
  })

  test('a lock that nobody may see is warned of', async () => {
    const bucket = await standInWithBucket({ dialect: hiding })
    expect(await pput(bucket, large, lock)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('whether it is locked cannot be told: the key may not read locks'),
    })
  })

  test('tags and an encryption that are not there are warned of; tags that nobody may see are not', async () => {
    const bucket = await standInWithBucket({ dialect: overlooking })
    const url = bucket.url('key')
    expect(await pput(bucket, large, wishes)).toMatchObject({
      status: 0,
      stderr: [
        `pput: ${url}: encryption by AES256 was asked for, and the store says of none`,
        `pput: ${url}: 0 tags are in the store, 2 were sent`,
        '',
      ].join('\n'),
    })
    const blind = await standInWithBucket({ dialect: hiding })
    expect(await pput(blind, large, [...inParts, '--tag', 'a=b'])).toMatchObject(done)
  })
})

test.each(alwaysSent)('%j goes with every request of pput and pget', async (words, headers) => {
  const { standIn, ...bucket } = await standInWithBucket()
  const before = standIn.handled.length
  expect(await pput(bucket, large, [...inParts, ...words])).toMatchObject(done)
  const { child, ended } = start('pget', [...bytesOnly, ...words, bucket.url('key')], bucket.environment)
  child.stdout.resume()
  expect((await ended).status).toBe(0)
  const ours = standIn.handled.slice(before)
  expect(new Set(ours.map(({ operation }) => operation)).size).toBeGreaterThan(4)
  for (const request of ours) expect(request.headers).toMatchObject(headers)
})

test.each([
  ['the option', ['--store', 'bucket'], {}, 64],
  ['the setting', [], { ZPIPES_STORE: 'bucket' }, 78],
  ['the option', ['--endpoint', 'ftp://host'], {}, 64],
  ['the setting', [], { ZPIPES_ENDPOINT: 'ftp://host' }, 78],
])('what is no store or no endpoint is named: in %s %j %j, %i', async (_, words, environment, status) => {
  const { child, ended } = start('pput', [...words, 's3://bucket/key'], environment)
  child.stdin.end('bytes')
  expect(await ended).toMatchObject({ status, stderr: expect.stringMatching(/STORE|ENDPOINT|--store|--endpoint/) })
})

test.each([
  ['--lock-days', '999999999999'],
  ['--lock-until', '2030-02-31'],
  ['--header', 'bad name=1'],
  ['--header', 'x-note=a\nb'],
  ['--header', 'x-note=ü'],
  ['--idle-timeout', '30d'],
])('what cannot be is named, and is no bug: %s %j', async (option, value) => {
  const { child, ended } = start('pput', ['--lock-mode', 'COMPLIANCE', option, value, 's3://bucket/key'])
  child.stdin.end('bytes')
  expect(await ended).toMatchObject({ status: 64, stderr: expect.stringContaining(`option ${option}: '`) })
})

describe('a store that allows few parts', () => {
  const few = [...bytesOnly, '--max-parts', '4', '--part-size', '5M']

  test('holds a stream that fits exactly', async () => {
    const bucket = await bucketWithMaxParts(4)
    const bytes = Buffer.from(randomBytes(20 * mib))
    expect(await pput(bucket, bytes, few)).toMatchObject(done)
    expect((await head(bucket)).ContentLength).toBe(bytes.length)
  })

  test('a stream that outgrows it: 69, what to do, and nothing is left', async () => {
    const bucket = await bucketWithMaxParts(4)
    expect(await pput(bucket, Buffer.from(randomBytes(20 * mib + 1)), few)).toMatchObject({
      status: 69,
      stderr: [
        `pput: ${bucket.url('key')}: the stream is longer than the 20971520 bytes that 4 parts hold`,
        'pput: hint: give a larger --estimated or --part-size',
        '',
      ].join('\n'),
    })
    await expect(head(bucket)).rejects.toMatchObject({ name: 'NotFound' })
    expect(await unfinished(bucket)).toEqual([])
  })

  test('1,000 parts: --estimated chooses parts that hold the stream, equal ones', async () => {
    const bucket = await bucketWithMaxParts(1000)
    const words = [...bytesOnly, '--max-parts', '1000', '--estimated', '6G', '--memory', '16M', '--concurrency', '1']
    expect(await pput(bucket, large, words)).toMatchObject(done)
    const { Metadata } = await head(bucket)
    expect(Metadata?.['zpipes-parts']).toBe(`1000x${Math.trunc((6 * 2 ** 30 * 1.05) / 999)}`)
  })

  test('parts grow by themselves, so that 10 of them hold more than 80 MiB', { timeout: 60_000 }, async () => {
    const bucket = await bucketWithMaxParts(10)
    const bytes = Buffer.alloc(100 * mib, 'zpipes')
    expect(await pput(bucket, bytes, [...bytesOnly, '--max-parts', '10'])).toMatchObject(done)
    expect((await head(bucket)).ContentLength).toBe(bytes.length)
  })
})

describe.each(hostNames)('%s', (host) => {
  testOn(host)('keeps the storage class and the headers that it knows', async ({ s3 }) => {
    expect(await pput(s3, large, [...inParts, '--storage-class', 'STANDARD', '--request-payer'])).toMatchObject(done)
    expect((await head(s3)).ContentLength).toBe(large.length)
  })
})

// Of parts radosgw 16 keeps neither: it overlooks them in CreateMultipartUpload.
testOn('radosgw')('radosgw drops the tags and the lock of an object of parts: a warning, and 69', async ({ s3 }) => {
  expect(await pput(s3, large, [...inParts, '--tag', 'keep=7 years'])).toMatchObject({
    status: 0,
    stderr: `pput: ${s3.url('key')}: 0 tags are in the store, 1 were sent\n`,
  })
  const locking = await createBucket(s3.server, { ObjectLockEnabledForBucket: true })
  onTestFinished(() => locking.client.destroy())
  const lock = [...inParts, '--lock-mode', 'GOVERNANCE', '--lock-until', '2099-01-31']
  expect(await pput(locking, large, lock)).toMatchObject({
    status: 69,
    stderr: expect.stringContaining('was stored, but is not locked'),
  })
})

testOn('radosgw')('radosgw keeps the tags of an object of one request', async ({ s3 }) => {
  expect(await pput(s3, small, [...bytesOnly, '--tag', 'keep=7 years', '--tag', 'who=root'])).toMatchObject(done)
  const { TagSet = [] } = await s3.client.send(new GetObjectTaggingCommand({ Bucket: s3.name, Key: 'key' }))
  expect(TagSet.toSorted((a, b) => (a.Key! < b.Key! ? -1 : 1))).toEqual([
    { Key: 'keep', Value: '7 years' },
    { Key: 'who', Value: 'root' },
  ])
})

testOn('radosgw')('radosgw locks an object of one request, where the bucket allows it', async ({ s3 }) => {
  const locking = await createBucket(s3.server, { ObjectLockEnabledForBucket: true })
  onTestFinished(() => locking.client.destroy())
  const lock = [...bytesOnly, '--lock-mode', 'GOVERNANCE', '--lock-until', '2099-01-31']
  expect(await pput(locking, small, lock)).toMatchObject(done)
  const command = new GetObjectRetentionCommand({ Bucket: locking.name, Key: 'key' })
  expect((await locking.client.send(command)).Retention).toEqual({
    Mode: 'GOVERNANCE',
    RetainUntilDate: new Date('2099-01-31'),
  })
  expect((await pput(s3, small, lock)).status).not.toBe(0)
})

async function bucketWithMaxParts(maxParts: number): Promise<Bucket> {
  const standIn = await startStandIn({ maxParts })
  onTestFinished(() => standIn.stop())
  return createBucket(standIn)
}

function pput({ url, environment }: Bucket, bytes: Buffer, words: readonly string[], key = 'key') {
  const { child, ended } = start('pput', [...words, url(key)], environment)
  child.stdin.end(bytes)
  return ended
}

function head({ client, name }: Bucket) {
  return client.send(new HeadObjectCommand({ Bucket: name, Key: 'key' }))
}

async function unfinished({ client, name }: Bucket) {
  return (await client.send(new ListMultipartUploadsCommand({ Bucket: name }))).Uploads ?? []
}
