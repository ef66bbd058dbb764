import { gzipSync } from 'node:zlib'
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { test as base, describe, expect } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

const cells = (stdout: string) => stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
const plain = Buffer.alloc(2_200_000, 'stream')

/** As z3 leaves it: metadata alone tells what hangs on what, and a stream that broke off looks like any other. */
async function z3Bucket(zfs: ZfsHost, s3: Bucket) {
  const parent = (name: string) => ({ parent: `tank/fs%20x@${name}` })
  await putAsZ3(s3, 'daily-1', gzipSync(plain), { size: '2200000', isfull: 'true', compressor: 'pigz1' })
  await putAsZ3(s3, 'daily-2', plain, { size: '2300000', ...parent('daily-1') })
  await putAsZ3(s3, 'daily-3', plain.subarray(0, 900_000), { size: '2300000', ...parent('daily-2') })
  await putAsZ3(s3, 'daily-4', plain, { size: '2300000', ...parent('daily-3') })
  await putAsZ3(s3, 'daily-5', plain, { size: '2300000', ...parent('gone') })
  await putAsZ3(s3, 'daily-6', plain, { size: '2300000', ...parent('daily-7') })
  await putAsZ3(s3, 'daily-7', plain, { size: '2300000', ...parent('daily-6') })
  await putAsZ3(s3, 'daily-8', plain, {})
  await putAsZ3(s3, 'daily-9', plain, { size: '2300000', parent: 'missing_parent' })
  await putAsZ3(s3, 'other-1', plain, { size: '2300000', is_full: 'true' })
  await putAsZ3(s3, 'daily-a', plain, { size: '2300000', ...parent('other-1') })
  const variables = Object.entries({ ...s3.environment, BUCKET: s3.name, SNAPSHOT_PREFIX: 'daily-' })
  const ended = await zfs.script(`${variables.map(([key, value]) => `export ${key}='${value}'`).join('\n')}
    ends 1 zsnap status 'tank/fs x'`)
  expect(ended.status).toBe(0)
  const health = Object.fromEntries(cells(ended.stdout).map(([name = '', , , found]) => [name, found]))
  expect(health).toMatchObject({
    'daily-1': 'ok',
    'daily-2': 'ok',
    'daily-3': 'too small: 900000 B of about 2300000 B',
    'daily-4': 'parent broken',
    'daily-5': 'missing parent',
    'daily-6': 'cycle detected',
    'daily-7': 'cycle detected',
    'daily-8': 'missing parent',
    'daily-9': 'missing parent',
    'daily-a': 'ok',
  })
  expect(health).not.toHaveProperty('other-1')
}

describe('a bucket as z3 writes it', () => {
  const withZfs = base.extend<{ zfs: ZfsHost }>(zfsFixture)
  withZfs('in the stand-in', async ({ zfs }) => z3Bucket(zfs, await standInWithBucket()))
  for (const host of hostNames) {
    testOn(host).extend<{ zfs: ZfsHost }>(zfsFixture)(`in ${host}`, ({ zfs, s3 }) => z3Bucket(zfs, s3))
  }
})

async function putAsZ3({ client, name }: Bucket, snapshot: string, Body: Buffer, Metadata: Record<string, string>) {
  const at = { Bucket: name, Key: `z3-backup/tank/fs x@${snapshot}` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Metadata }))
  const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
}
