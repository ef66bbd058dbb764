import {
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { type Bucket, createBucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'

const mib = 1024 * 1024
const bytes = Buffer.from(randomBytes(11 * mib))
const words = ['--format', 'bytes', '--part-size', '5M', '--checksum', 'md5', '--resume']
// A program takes a while to start on a busy machine.
const atLeisure = { timeout: 30_000 }

describe.each(hostNames)('%s', (host) => {
  testOn(host)('an upload that is gone on with keeps its metadata, and that is told', async ({ s3 }) => {
    await breakUpload(s3, ['--metadata', 'note=first'])
    const { status, stderr } = await goOn(s3, ['--metadata', 'note=second'])
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: [
        `pput: ${s3.url('key')}: is as the broken upload was begun: note=first instead of second`,
        'pput: resumed: 10.0 MiB were in the store already, 1.00 MiB were sent',
        '',
      ].join('\n'),
    })
    const { Metadata, ContentLength } = await s3.client.send(new HeadObjectCommand({ Bucket: s3.name, Key: 'key' }))
    expect([Metadata?.['note'], ContentLength]).toEqual(['first', bytes.length])
  })
})

// Of an upload of parts radosgw 16 keeps neither tags nor locks; of an object it does.
testOn('radosgw')('radosgw gets the tags of the last run', async ({ s3 }) => {
  await breakUpload(s3, ['--tag', 'keep=1 year'])
  expect(await goOn(s3, ['--tag', 'keep=7 years', '--tag', 'who=a&b'])).toMatchObject(onlyResumed)
  const { TagSet = [] } = await s3.client.send(new GetObjectTaggingCommand({ Bucket: s3.name, Key: 'key' }))
  expect(TagSet.toSorted((a, b) => (a.Key! < b.Key! ? -1 : 1))).toEqual([
    { Key: 'keep', Value: '7 years' },
    { Key: 'who', Value: 'a&b' },
  ])
})

testOn('radosgw')('radosgw gets the lock of the last run', async ({ s3 }) => {
  const locking = await createBucket(s3.server, { ObjectLockEnabledForBucket: true })
  onTestFinished(() => locking.client.destroy())
  const until = (day: string) => ['--lock-mode', 'GOVERNANCE', '--lock-until', `2099-01-${day}`]
  await breakUpload(locking, until('10'))
  expect(await goOn(locking, until('31'))).toMatchObject(onlyResumed)
  const command = new GetObjectRetentionCommand({ Bucket: locking.name, Key: 'key' })
  expect((await locking.client.send(command)).Retention).toEqual({
    Mode: 'GOVERNANCE',
    RetainUntilDate: new Date('2099-01-31'),
  })
})

const onlyResumed = { status: 0, stderr: expect.stringMatching(/^pput: resumed: [^\n]*\n$/) }

/** Killed when two parts are there. */
async function breakUpload(s3: Bucket, wishes: readonly string[]): Promise<void> {
  const { child, ended } = start('pput', [...words, ...wishes, s3.url('key')], s3.environment)
  child.stdin.write(bytes)
  await expect.poll(() => partsThere(s3), atLeisure).toBe(2)
  child.kill('SIGKILL')
  await ended
}

async function partsThere({ client, name: Bucket }: Bucket): Promise<number> {
  const { Uploads: [upload] = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  if (upload === undefined) return 0
  const { Key, UploadId } = upload
  return (await client.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length ?? 0
}

function goOn(s3: Bucket, wishes: readonly string[]) {
  const { child, ended } = start('pput', [...words, ...wishes, s3.url('key')], s3.environment)
  child.stdin.end(bytes)
  return ended
}
