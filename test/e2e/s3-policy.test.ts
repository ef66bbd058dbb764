import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { root, start } from '../fakes/programs.ts'
import type { Operation } from '../fakes/s3-server/operation.ts'
import type { StandIn } from '../fakes/s3-server/server.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import type { Bucket } from '../s3-hosts/buckets.ts'

const mib = 1024 * 1024
// A program takes a while to start on a busy machine.
const atLeisure = { timeout: 20_000 }
const small = Buffer.from(randomBytes(1000))
const large = Buffer.from(randomBytes(11 * mib))
const inParts = ['--format', 'bytes', '--part-size', '5M']

/** The action of IAM that allows each operation, by the service authorization reference of S3. */
const actions: Readonly<Record<Operation, string>> = {
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  CompleteMultipartUpload: 's3:PutObject',
  CreateBucket: 's3:CreateBucket',
  CreateMultipartUpload: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
  GetBucketLocation: 's3:GetBucketLocation',
  GetObject: 's3:GetObject',
  GetObjectAttributes: 's3:GetObjectAttributes',
  GetObjectLegalHold: 's3:GetObjectLegalHold',
  GetObjectRetention: 's3:GetObjectRetention',
  GetObjectTagging: 's3:GetObjectTagging',
  HeadBucket: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjectsV2: 's3:ListBucket',
  ListParts: 's3:ListMultipartUploadParts',
  PutObject: 's3:PutObject',
  UploadPart: 's3:PutObject',
}

test('pput asks for nothing that the policy in the README does not allow', async () => {
  const { standIn, ...bucket } = await standInWithBucket()
  const before = standIn.handled.length
  await pput(bucket, small, inParts)
  await pput(bucket, large, inParts)
  await pput(bucket, large, [...inParts, '--overwrite'], 'large')
  const wrongSum = ['--expect-sha256', '0'.repeat(64)]
  const unexpected = start('pput', [...inParts, ...wrongSum, bucket.url('other')], bucket.environment)
  unexpected.child.stdin.write(large)
  await expect.poll(() => standIn.bucket(bucket.name).uploads.size, atLeisure).toBe(1)
  unexpected.child.stdin.end()
  expect((await unexpected.ended).status).toBe(65)
  const { child } = start('pput', [...inParts, '--resume', bucket.url('broken')], bucket.environment)
  child.stdin.write(large)
  await expect.poll(() => standIn.bucket(bucket.name).uploads.size, atLeisure).toBe(1)
  child.kill('SIGKILL')
  await pput(bucket, large, [...inParts, '--resume'], 'broken')
  const made = operationsSince(standIn, before)
  // All that pput ever makes, but for the removal of what the store has damaged.
  expect([...made].toSorted()).toEqual([
    'AbortMultipartUpload',
    'CompleteMultipartUpload',
    'CreateMultipartUpload',
    'HeadObject',
    'ListMultipartUploads',
    'ListParts',
    'PutObject',
    'UploadPart',
  ])
  const needed = new Set([...made].map((operation) => actions[operation]))
  const allowed = policyOfReadme()
  expect([...needed].filter((action) => !allowed.has(action))).toEqual([])
  // ListBucket is there so that a missing key is answered with 404.
  expect([...allowed].filter((action) => !needed.has(action))).toEqual(['s3:ListBucket'])
})

test('pget needs s3:GetObject alone', async () => {
  const { standIn, ...bucket } = await standInWithBucket()
  await pput(bucket, large, inParts)
  const before = standIn.handled.length
  const { child, ended } = start('pget', ['--format', 'bytes', bucket.url('key')], bucket.environment)
  child.stdout.resume()
  expect(await ended).toMatchObject({ status: 0 })
  expect(new Set([...operationsSince(standIn, before)].map((operation) => actions[operation]))).toEqual(
    new Set(['s3:GetObject']),
  )
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('`pget` needs `s3:GetObject` alone.')
})

function policyOfReadme(): Set<string> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, json = ''] = /```json\n(\{"Version".*?)```/s.exec(readme) ?? []
  const { Statement } = JSON.parse(json) as { Statement: readonly { Action: readonly string[] }[] }
  return new Set(Statement.flatMap(({ Action }) => Action))
}

function operationsSince({ handled }: StandIn, before: number): Set<Operation> {
  return new Set(handled.slice(before).map(({ operation }) => operation))
}

function pput({ url, environment }: Bucket, bytes: Buffer, words: readonly string[], key = 'key') {
  const { child, ended } = start('pput', [...words, url(key)], environment)
  child.stdin.end(bytes)
  return ended
}
