import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { withAwsNames } from '../fakes/aws-names.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'

// Several parts, and several ranges.
const bytes = Buffer.from(randomBytes(30_000_000))

async function atAws() {
  const bucket = await standInWithBucket()
  return { ...bucket, ...(await withAwsNames(bucket.standIn)) }
}

/** Stores the bytes and fetches them again. */
async function thereAndBack(url: string, environment: NodeJS.ProcessEnv) {
  const put = start('pput', ['--format', 'bytes', url], environment)
  put.child.stdin.end(bytes)
  expect(await put.ended).toMatchObject({ status: 0, stderr: '' })
  const get = start('pget', ['--format', 'bytes', url], environment)
  const got: Buffer[] = []
  get.child.stdout.on('data', (piece: Buffer) => got.push(piece))
  expect(await get.ended).toMatchObject({ status: 0, stderr: '' })
  expect(Buffer.concat(got).equals(bytes)).toBe(true)
}

test('a bucket is asked by its host name', async () => {
  const { name, url, environment, hosts } = await atAws()
  await thereAndBack(url('a key'), { ...environment, AWS_REGION: 'us-east-1' })
  expect([...hosts]).toEqual([`${name}.s3.us-east-1.amazonaws.com`])
})

test('one whose name has a dot, for which no certificate is good, by its path', async () => {
  const { client, environment, hosts } = await atAws()
  await client.send(new CreateBucketCommand({ Bucket: 'with.dots' }))
  await thereAndBack('s3://with.dots/key', { ...environment, AWS_REGION: 'us-east-1' })
  expect([...hosts]).toEqual(['s3.us-east-1.amazonaws.com'])
})

test('a bucket of another region is found there', async () => {
  const { name, url, environment, hosts } = await atAws()
  await thereAndBack(url('key'), { ...environment, AWS_REGION: 'eu-west-1' })
  expect([...hosts]).toEqual([`${name}.s3.eu-west-1.amazonaws.com`, `${name}.s3.us-east-1.amazonaws.com`])
})

test('no region needs to be told', async () => {
  const { url, environment } = await atAws()
  await thereAndBack(url('key'), environment)
})

// The first requests go out together.
test.each([
  ['no region', {}],
  ['another region', { AWS_REGION: 'eu-west-1' }],
])('many objects are asked about, told of %s', async (_, told) => {
  const { name, url, environment, hosts, put } = await atAws()
  for (let count = 0; count < 12; count++) await put(`tank/home@${count}`, Buffer.from('a stream'))
  const words = ['report', '--html', '--store', url('').replace(/\/$/, '')]
  expect(await start('zsnap', words, { ...environment, ...told }).ended).toMatchObject({ status: 0, stderr: '' })
  expect([...hosts].at(-1)).toBe(`${name}.s3.us-east-1.amazonaws.com`)
})
