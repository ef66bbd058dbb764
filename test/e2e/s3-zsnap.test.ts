import { gzipSync } from 'node:zlib'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { test as base, describe, expect } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

const make = (s3: Bucket) => `
  ${exported(s3)}
  zfs create "$A/data set"
  for number in 1 2 3 4; do
    fill "a/data set/$number" 3000000
    zfs snapshot "$A/data set@s$number"
  done
  sums "a/data set" >before
`
const destroyAndRestore = `
  for try in $(seq 50); do zpool destroy $A 2>/dev/null && break; sleep 0.1; done
  truncate -s 512M new.pool
  zpool create -o cachefile=none -m "$PWD/a" $A "$PWD/new.pool" 2>/dev/null
  zsnap restore -q "$A/data set@s4"
  zfs mount "$A/data set"
  sums "a/data set" | diff before -
`

async function roundTrip(zfs: ZfsHost, s3: Bucket) {
  const ended = await zfs.script(`${make(s3)}
    zsnap backup --compressor zstd3 --snapshot s2 "$A/data set"
    zsnap backup --compressor pigz1 "$A/data set"
    zsnap backup "$A/data set"
    ${destroyAndRestore}`)
  expect(ended).toEqual(silence)
}

/** `isFull`: the key that z3 writes, or an old z3 did; Swift and radosgw drop headers with an underscore, as proxies do. */
async function z3Restored(zfs: ZfsHost, s3: Bucket, isFull: 'isfull' | 'is_full') {
  const made = await zfs.script(`${make(s3)}
    for number in 1 2 3 4; do zfs send $([ $number = 1 ] || echo -i @s$((number - 1))) "$A/data set@s$number" | base64 -w0; echo; done`)
  expect(made).toMatchObject({ status: 0, stderr: '' })
  const streams = made.stdout
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'base64'))
  const parentOf = (number: number) => ({ parent: `pool-a/data%20set@s${number}` })
  await putAsZ3(s3, 1, gzipSync(streams[0]!, { level: 1 }), { size: '6000000', [isFull]: 'true', compressor: 'pigz1' })
  await putAsZ3(s3, 2, gzipSync(streams[1]!, { level: 1 }), { size: '6000000', ...parentOf(1), compressor: 'pigz4' })
  await putAsZ3(s3, 3, streams[2]!, { size: '6000000', ...parentOf(2) })
  const ended = await zfs.script(`${exported(s3)}
    zsnap backup --compressor pigz1 "$A/data set"
    ${destroyAndRestore}`)
  expect(ended).toEqual(silence)
}

describe('zsnap with S3', () => {
  for (const host of hostNames) {
    const test = testOn(host).extend<{ zfs: ZfsHost }>(zfsFixture)
    test(`${host}: backup, destroy the pool, restore`, ({ zfs, s3 }) => roundTrip(zfs, s3))
    test(`${host}: what z3 has stored is gone on from, and restored`, ({ zfs, s3 }) => z3Restored(zfs, s3, 'isfull'))
  }

  const test = base.extend<{ zfs: ZfsHost }>(zfsFixture)
  test('the stand-in: backup, destroy the pool, restore', async ({ zfs }) => roundTrip(zfs, await standInWithBucket()))
  test('the stand-in: what an old z3 has stored is gone on from, and restored', async ({ zfs }) =>
    z3Restored(zfs, await standInWithBucket(), 'is_full'))

  test('is stored where z3 looks for it, and with what z3 reads', async ({ zfs }) => {
    const s3 = await standInWithBucket()
    expect(await zfs.script(`${make(s3)} zsnap backup --compressor pigz4 --snapshot s2 "$A/data set"`)).toEqual(silence)
    const at = (number: number) => ({ Bucket: s3.name, Key: `z3-backup/pool-a/data set@s${number}` })
    const [full, increment] = await Promise.all([1, 2].map((each) => s3.client.send(new HeadObjectCommand(at(each)))))
    expect(full?.Metadata).toMatchObject({ isfull: 'true', compressor: 'pigz4', size: expect.stringMatching(/^\d+$/) })
    expect(full?.Metadata).not.toHaveProperty('parent')
    // As boto writes and reads what a header cannot hold.
    expect(increment?.Metadata).toMatchObject({ parent: 'pool-a/data%20set@s1', compressor: 'pigz4' })
    expect(increment?.Metadata).not.toHaveProperty('isfull')
  })

  test('--resume goes on with an upload that was killed', async ({ zfs }) => {
    const s3 = await standInWithBucket()
    const begun = await zfs.script(`${exported(s3)}
      zfs create $A/data
      fill a/data 16000000
      zfs snapshot $A/data@s1
      zsnap backup --resume --part-size 5M --bwlimit 4M $A/data >/dev/null 2>&1 & echo $! >pid`)
    expect(begun).toEqual(silence)
    while ((await partsOf(s3)) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    const ended = await zfs.script(`${exported(s3)}
      kill -9 $(cat pid)
      zsnap backup --resume --part-size 5M --verbose $A/data
      zsnap restore -q --to $B/copy $A/data@s1
      zfs mount $B/copy
      same a/data b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/@s1: stored, [\d.]+ MiB in [\d.]+ MiB, [\d.]+ MiB of it there already\n$/)
    expect(await partsOf(s3)).toBe(0)
  })

  test('two buckets of one name, at two endpoints, each keep the base of their next increment', async ({ zfs }) => {
    const [near, far] = [await standInWithBucket(), await standInWithBucket()]
    await far.client.send(new CreateBucketCommand({ Bucket: near.name }))
    const ended = await zfs.script(`${make(near)}
      far() { AWS_ENDPOINT_URL=${far.server.endpoint} "$@"; }
      zsnap backup --snapshot s1 "$A/data set"
      far zsnap backup --snapshot s1 "$A/data set"
      far zsnap backup "$A/data set"
      ends 1 zfs destroy "$A/data set@s1" 2>/dev/null
      zsnap backup "$A/data set"
      destroy "$A/data set@s1"
      zsnap status --json "$A/data set" | grep -c '"type":"incremental"'`)
    expect(ended).toEqual({ ...silence, stdout: '3\n' })
  })

  test('commands that --dry-run writes reach the same place', async ({ zfs }) => {
    const ended = await zfs.script(`${make(await standInWithBucket())}
      zsnap backup --dry-run --compressor lz4 --part-size 5M --retry-for 90s "$A/data set" >commands
      grep -c -e '--part-size=5242880 .*--retry-for=90000ms\\|--retry-for=90000ms .*--part-size=5242880' commands
      sh -e commands
      zsnap restore --dry-run --to $B/copy "$A/data set@s4" | sh -e
      zfs mount $B/copy
      sums b/copy | diff before -`)
    expect(ended).toEqual({ ...silence, stdout: '4\n' })
  })
})

/** As z3's users have it: a bucket and keys in the environment, z3's own prefix. */
function exported({ name, environment }: Bucket): string {
  const variables = Object.entries({ ...environment, BUCKET: name, CONCURRENCY: '4' })
  return variables.map(([key, value]) => `export ${key}='${value}'`).join('\n')
}

/** How many parts there are of an upload that has not ended. */
async function partsOf({ client, name: Bucket }: Bucket): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  const lists = Uploads.map(({ Key, UploadId }) => client.send(new ListPartsCommand({ Bucket, Key, UploadId })))
  return (await Promise.all(lists)).flatMap(({ Parts = [] }) => Parts).length
}

/** z3 makes a multipart upload of everything, below its prefix, with no checksum but MD5. */
async function putAsZ3({ client, name }: Bucket, number: number, Body: Buffer, Metadata: Record<string, string>) {
  const at = { Bucket: name, Key: `z3-backup/pool-a/data set@s${number}` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Metadata }))
  const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
}
