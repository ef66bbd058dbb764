import { GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import { describe, expect } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { type Ended, start } from '../fakes/programs.ts'
import { bytesOf, completeStreams, whyNoStreams } from '../fakes/recorded-streams.ts'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'

const mib = 1024 * 1024
const large = Buffer.from(randomBytes(11 * mib))
const inParts = ['--format', 'bytes', '--part-size', '5M']
const wrongSum = ['--expect-sha256', '0'.repeat(64)]
const done = { status: 0, stderr: '' }

describe.each(hostNames)('on %s', (host) => {
  const test = testOn(host)

  test('recorded ZFS streams are stored, and come back as they were', async ({ s3, skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const streams = completeStreams.filter(({ name }) =>
      /^(fuse-R-full|L-recordsize1M|c-zstd|R-incr-I)\.zfs$/.test(name),
    )
    expect(streams).toHaveLength(4)
    for (const stream of streams) {
      const bytes = Buffer.from(bytesOf(stream))
      const key = `z3-backup/tank/data set@${stream.name}`
      expect(await pput(s3, bytes, key)).toMatchObject(done)
      const got = await pget(s3, key)
      expect([got.status, got.stderr, got.bytes.equals(bytes)]).toEqual([0, '', true])
    }
  })

  test('a stream of many parts is stored, and comes back as it was', async ({ s3 }) => {
    expect(await pput(s3, large, 'key', inParts)).toMatchObject(done)
    expect((await head(s3)).ContentLength).toBe(large.length)
    expect(await unfinished(s3)).toEqual([])
    const got = await pget(s3, 'key')
    expect([got.status, got.stderr, got.bytes.equals(large)]).toEqual([0, '', true])
    const range = await pget(s3, 'key', ['--offset', '5000000', '--length', '1000000'])
    expect([range.status, range.bytes.equals(large.subarray(5_000_000, 6_000_000))]).toEqual([0, true])
  })

  test('its metadata are kept, whatever their letters', async ({ s3 }) => {
    const words = ['--format', 'bytes', '--meta', 'parent=tank/data set@mön=1', '--meta', 'isfull=true']
    expect(await pput(s3, Buffer.from('bytes'), 'key', words)).toMatchObject(done)
    expect((await head(s3)).Metadata).toMatchObject({ parent: 'tank/data%20set@m%C3%B6n=1', isfull: 'true' })
  })

  test('a key that is taken: 73, and what is there stays', async ({ s3 }) => {
    await s3.put('key', Buffer.from('first'))
    expect(await pput(s3, large, 'key', inParts)).toMatchObject({ status: 73 })
    expect(await stored(s3)).toBe('first')
    expect(await unfinished(s3)).toEqual([])
  })

  test('and with --overwrite it is replaced', async ({ s3 }) => {
    await s3.put('key', large)
    expect(await pput(s3, Buffer.from('second'), 'key', ['--overwrite', '--format', 'bytes'])).toMatchObject(done)
    expect(await stored(s3)).toBe('second')
  })

  test('a wrong secret: 77', async ({ s3 }) => {
    await s3.put('key', large)
    const AWS_SECRET_ACCESS_KEY = 'wrong'
    const stranger = { ...s3, environment: { ...s3.environment, AWS_SECRET_ACCESS_KEY } }
    expect(await pput(stranger, large, 'new', inParts)).toMatchObject({ status: 77 })
    expect(await pget(stranger, 'key')).toMatchObject({ status: 77, bytes: Buffer.alloc(0) })
  })

  test('no such bucket or key: 69, and nothing on stdout', async ({ s3 }) => {
    const nowhere = { ...s3, url: (key: string) => `s3://no-such-bucket/${key}` }
    expect(await pput(nowhere, large, 'key', inParts)).toMatchObject({ status: 69 })
    expect(await pget(nowhere, 'key')).toMatchObject({ status: 69, bytes: Buffer.alloc(0) })
    expect(await pget(s3, 'none')).toMatchObject({ status: 69, bytes: Buffer.alloc(0) })
  })

  test('a truncated ZFS stream: 65, and nothing is left', async ({ s3, skip }) => {
    if (whyNoStreams !== undefined) skip(whyNoStreams)
    const stream = completeStreams.find(({ name }) => name === 'L-recordsize1M.zfs')!
    const cut = Buffer.from(bytesOf(stream).subarray(0, -400))
    expect(await pput(s3, cut, 'key')).toMatchObject({ status: 65, stderr: expect.stringContaining('truncated') })
    await expect(head(s3)).rejects.toMatchObject({ name: 'NotFound' })
    expect(await unfinished(s3)).toEqual([])
  })

  test('a stream of many parts that was not the one expected: 65, and nothing is left', async ({ s3 }) => {
    const running = begin(s3, 'key', [...inParts, ...wrongSum])
    await untilUnderWay(s3, running)
    running.child.stdin.end(large.subarray(6 * mib))
    expect(await running.ended).toMatchObject({ status: 65 })
    await expect(head(s3)).rejects.toMatchObject({ name: 'NotFound' })
    expect(await unfinished(s3)).toEqual([])
  })

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} in the middle: ${status}, and nothing is left`, async ({ s3 }) => {
      const running = begin(s3, 'key', inParts)
      await untilUnderWay(s3, running)
      running.child.kill(signal)
      expect(await running.ended).toMatchObject({ status })
      await expect(head(s3)).rejects.toMatchObject({ name: 'NotFound' })
      expect(await unfinished(s3)).toEqual([])
    })
  }
})

/** pput with a first part and more, its stdin open. */
function begin({ url, environment }: Bucket, key: string, words: readonly string[]) {
  const running = start('pput', [...words, url(key)], environment)
  running.child.stdin.write(large.subarray(0, 6 * mib))
  return running
}

/** Resolves when the server has the first part. */
async function untilUnderWay(s3: Bucket, { ended }: { ended: Promise<Ended> }): Promise<void> {
  const early = ended.then((end) => {
    throw new Error(`ended before it began: ${JSON.stringify(end)}`)
  })
  early.catch(() => {})
  for (let tries = 0; tries < 200; tries++) {
    if (await hasPart(s3)) return
    await Promise.race([early, new Promise((resolve) => setTimeout(resolve, 50))])
  }
  throw new Error('no part came')
}

async function hasPart(s3: Bucket): Promise<boolean> {
  const [upload] = await unfinished(s3)
  if (upload === undefined) return false
  const { Parts } = await s3.client.send(
    new ListPartsCommand({ Bucket: s3.name, Key: 'key', UploadId: upload.UploadId }),
  )
  return Parts !== undefined && Parts.length > 0
}

async function pput({ url, environment }: Bucket, bytes: Buffer, key: string, words: readonly string[] = []) {
  const { child, ended } = start('pput', [...words, url(key)], environment)
  child.stdin.end(bytes)
  return ended
}

async function pget({ url, environment }: Bucket, key: string, words: readonly string[] = []) {
  const { child, ended } = start('pget', [...words, url(key)], environment)
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  const { status, stderr } = await ended
  return { status, stderr, bytes: Buffer.concat(pieces) }
}

function head({ client, name }: Bucket) {
  return client.send(new HeadObjectCommand({ Bucket: name, Key: 'key' }))
}

async function stored({ client, name }: Bucket) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: 'key' }))
  return Body?.transformToString()
}

async function unfinished({ client, name }: Bucket) {
  return (await client.send(new ListMultipartUploadsCommand({ Bucket: name }))).Uploads ?? []
}
