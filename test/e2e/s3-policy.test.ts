import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { root, start } from '../fakes/programs.ts'
import { hiding } from '../fakes/s3-server/dialect.ts'
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
  PutObjectAcl: 's3:PutObjectAcl',
  PutObjectLegalHold: 's3:PutObjectLegalHold',
  PutObjectRetention: 's3:PutObjectRetention',
  PutObjectTagging: 's3:PutObjectTagging',
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
  await breakUpload(bucket, standIn, [...inParts, '--resume'])
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
  // ListBucket is there so that a missing key is answered with 404.
  expect(policies().put).toEqual([...neededSince(standIn, before), 's3:ListBucket'].toSorted())
})

test('with tags and a lock it asks for what the policy for them allows, and for all of it', async () => {
  // As AWS answers a key that may not see them: each look is a request then, and is counted.
  const { standIn, ...bucket } = await standInWithBucket({ dialect: hiding })
  const before = standIn.handled.length
  const wishes = [...inParts, '--tag', 'a=b', '--lock-mode', 'GOVERNANCE', '--lock-days', '30']
  expect((await pput(bucket, small, wishes, 'small')).status).toBe(0)
  expect((await pput(bucket, large, wishes, 'large')).status).toBe(0)
  await breakUpload(bucket, standIn, [...wishes, '--tag', 'c=d', '--resume'])
  expect((await pput(bucket, large, [...wishes, '--resume'], 'broken')).status).toBe(0)
  expect(operationsSince(standIn, before)).toContain('PutObjectTagging')
  const needed = neededSince(standIn, before)
  const { put, putWithTagsAndLock } = policies()
  expect(putWithTagsAndLock.filter((action) => !put.includes(action))).toEqual(
    needed.filter((action) => !put.includes(action)),
  )
  expect(put.filter((action) => !putWithTagsAndLock.includes(action))).toEqual([])
})

test('zsnap prune --store asks for what its policy allows, and for all of it', async () => {
  const { standIn, ...bucket } = await standInWithBucket()
  for (const name of ['mon', 'tue']) {
    const full = ['--format', 'bytes', '--metadata', 'isfull=true']
    expect((await pput(bucket, small, full, `tank/home@${name}`)).status).toBe(0)
  }
  const at = { Bucket: bucket.name, Key: 'tank/home@wed' }
  const { UploadId } = await bucket.client.send(new CreateMultipartUploadCommand(at))
  const prune = () => {
    const words = ['prune', '--store', `s3://${bucket.name}`, '--match', '*', '--keep-last', '1', 'tank/home']
    return start('zsnap', words, bucket.environment).ended
  }
  const before = standIn.handled.length
  // Of an upload under way the parts are asked for too.
  expect((await prune()).status).toBe(75)
  const refused = standIn.handled.slice(before)
  await bucket.client.send(new AbortMultipartUploadCommand({ ...at, UploadId }))
  const after = standIn.handled.length
  expect(await prune()).toMatchObject({ status: 0, stderr: '' })
  expect(policies().prune).toEqual(neededFor([...refused, ...standIn.handled.slice(after)]))
  expect([...standIn.bucket(bucket.name).objects.keys()]).toEqual(['tank/home@tue'])
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

/** The actions that those of the README allow, in the order of their letters. */
function policies() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [put = [], putWithTagsAndLock = [], prune = [], ...others] = [
    ...readme.matchAll(/```json\n(\{"Version".*?)```/gs),
  ].map(([, json = '']) => {
    const { Statement } = JSON.parse(json) as { Statement: readonly { Action: readonly string[] }[] }
    return Statement.flatMap(({ Action }) => Action).toSorted()
  })
  expect(others).toEqual([])
  return { put, putWithTagsAndLock, prune }
}

/** What a header needs beside the action of its request. */
const actionsOfHeaders: Readonly<Record<string, string>> = {
  'x-amz-acl': 's3:PutObjectAcl',
  'x-amz-object-lock-legal-hold': 's3:PutObjectLegalHold',
  'x-amz-object-lock-mode': 's3:PutObjectRetention',
  'x-amz-tagging': 's3:PutObjectTagging',
}

function neededSince({ handled }: StandIn, before: number): readonly string[] {
  return neededFor(handled.slice(before))
}

function neededFor(handled: StandIn['handled']): readonly string[] {
  const needed = handled.flatMap(({ operation, headers }) => [
    actions[operation],
    ...Object.entries(actionsOfHeaders).flatMap(([name, action]) => (headers[name] === undefined ? [] : [action])),
  ])
  return [...new Set(needed)].toSorted()
}

function operationsSince({ handled }: StandIn, before: number): Set<Operation> {
  return new Set(handled.slice(before).map(({ operation }) => operation))
}

/** Killed after its beginning, under the key `broken`. */
async function breakUpload({ name, url, environment }: Bucket, standIn: StandIn, words: readonly string[]) {
  const { child, ended } = start('pput', [...words, url('broken')], environment)
  child.stdin.write(large)
  const partsThere = () => [...standIn.bucket(name).uploads.values()].reduce((sum, { parts }) => sum + parts.size, 0)
  await expect.poll(partsThere, atLeisure).toBe(2)
  child.kill('SIGKILL')
  await ended
}

function pput({ url, environment }: Bucket, bytes: Buffer, words: readonly string[], key = 'key') {
  const { child, ended } = start('pput', [...words, url(key)], environment)
  child.stdin.end(bytes)
  return ended
}
