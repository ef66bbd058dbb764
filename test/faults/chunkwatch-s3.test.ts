import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withFaults } from '../fakes/fault-proxy/fault-proxy.ts'
import type { Fault } from '../fakes/fault-proxy/plan.ts'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { root, sh } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

const lists = ['files.manifest', 'files.md5']

test('a stream cut into an S3 store, and back', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'chunks'))
  const bucket = await standInWithBucket()
  const stream = join(root, 'test/vectors/demo/full.zfs.gz')
  const commands = `gzip -dc ${stream} > zfs; chunkwatch -q --split 50K chunks $URL < zfs && chunkwatch --join $URL | cmp - zfs`
  const URL = bucket.url('snap')
  const ended = await sh(commands, folder, { ...environmentOf(bucket.standIn), URL })
  expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(bucket.standIn.bucket(bucket.name).objects.size).toBe(15)
})

/** Four chunks, of which one has parts, and a store that meets the faults. */
async function prepare(faults: readonly Fault[]) {
  const folder = temporaryFolder()
  const chunks = join(folder, 'chunks')
  mkdirSync(chunks)
  const names = ['xaa', 'xab', 'xac', 'xad']
  const bytes = new Map(names.map((name) => [name, randomBytes(name === 'xad' ? 20_000_000 : 100_000)]))
  for (const [name, each] of bytes) writeFileSync(join(chunks, name), each)
  const bucket = await standInWithBucket()
  const proxy = await withFaults(bucket.standIn, faults)
  const environment = { ...environmentOf(proxy), URL: bucket.url('snap') }
  const run = (words: string) => sh(`chunkwatch --once --settle 0s ${words} chunks $URL`, folder, environment)
  const storedBytes = (name: string) => bucket.standIn.bucket(bucket.name).objects.get(`snap/${name}`)?.bytes
  const areStored = (wanted: readonly string[]) =>
    wanted.every(
      (name) => Buffer.compare(storedBytes(name) ?? Buffer.alloc(0), bytes.get(name) ?? Buffer.alloc(0)) === 0,
    )
  return { chunks, names, proxy, run, areStored }
}

test('of a small chunk the store is asked once before, and once after', async () => {
  const { chunks, proxy, run } = await prepare([])
  for (let index = 10; index < 20; index++) writeFileSync(join(chunks, `xb${index}`), randomBytes(1000))
  expect(await run('-q')).toMatchObject({ status: 0 })
  const ofTheLargeAndTheLists = 7
  expect(proxy.plan.seen('PutObject')).toBe(13 + 1)
  expect(proxy.plan.seen('HeadObject')).toBe(2 * 13 + ofTheLargeAndTheLists)
})

describe('a destination that', () => {
  test.each<readonly [string, readonly Fault[], string]>([
    ['fails once', [{ on: 'PutObject', do: '500' }], ''],
    ['fails once, and no request is repeated', [{ on: 'PutObject', do: '500' }], '--retry-for 0s'],
    ['fails for a while', [{ on: 'PutObject', times: 8, do: '503-slow-down' }], '--retry-for 200ms'],
    ['goes away for a while', [{ on: 'PutObject', times: 8, do: 'reset-before-body' }], '--retry-for 200ms'],
    ['gets a wrong byte', [{ on: 'PutObject', nth: 2, do: 'flipped-bit-up' }], ''],
    ['gets a wrong byte in a part', [{ on: 'UploadPart', do: 'flipped-bit-up' }], ''],
    ['answers with another checksum', [{ on: 'PutObject', nth: 2, do: 'wrong-etag' }], ''],
    ['does it, and the answer is lost', [{ on: 'PutObject', times: 2, do: 'lost-answer' }], ''],
    ['does it, and the answer is lost for good', [{ on: 'PutObject', times: 2, do: 'lost-answer' }], '--retry-for 0s'],
  ])('%s: every chunk is stored as it is, and listed once', async (_, faults, words) => {
    const { chunks, names, proxy, run, areStored } = await prepare(faults)
    const { status, stdout } = await run(words)
    expect(status).toBe(0)
    expect(proxy.plan.missed).toEqual([])
    expect(areStored(names)).toBe(true)
    expect(filesBelow(chunks)).toEqual(lists)
    expect(readFileSync(join(chunks, 'files.md5'), 'utf8')).toBe(stdout)
    expect(stdout.match(/(?<= {2}).*/g)?.toSorted()).toEqual(names)
  })

  test('refuses one chunk for ever: --retries gives it up, keeps it, and the others are not held up', async () => {
    const { chunks, run, areStored } = await prepare([{ on: 'UploadPart', times: 1000, do: '500' }])
    const ended = await run('-q --retries 2 --retry-for 0s')
    expect(ended).toMatchObject({ status: 75, stdout: '' })
    expect(filesBelow(chunks)).toEqual([...lists, 'xad'])
    expect(areStored(['xaa', 'xab', 'xac'])).toBe(true)
    expect(readFileSync(join(chunks, 'files.md5'), 'utf8')).not.toContain('xad')
  })
})
