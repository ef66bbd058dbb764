import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { describe, expect } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

// As the first release has stored them, and never written again: formats.test.ts.
const vectors = join(import.meta.dirname, '../vectors/formats-1')
const objects: StoredThen[] = JSON.parse(readFileSync(`${vectors}/s3.json`, 'utf8'))

interface StoredThen {
  readonly key: string
  readonly parts: readonly number[]
  readonly metadata: Record<string, string>
}

describe.each(hostNames)('%s', (host) => {
  const test = testOn(host).extend<{ zfs: ZfsHost }>(zfsFixture)
  test('objects as the first release stored them are judged, restored and fetched', async ({ zfs, s3 }) => {
    for (const object of objects) await putAsThen(s3, object, bytesOf(object))
    const variables = Object.entries({ ...s3.environment, ZPIPES_STORE: s3.url('') })
    const ended = await zfs.script(`${variables.map(([key, value]) => `export ${key}='${value}'`).join('\n')}
      zsnap status --warn-age 99999d --crit-age 99999d tank/d | sed -n 's/ *| */|/g; /^one|\\|^two|/p' | cut -d '|' -f 1-4
      zsnap verify -q --deep >/dev/null
      zsnap restore -q --to $B/d tank/d@two
      zfs list -H -o name -t snapshot -r $B/d
      pget '${s3.url('bytes in parts')}' | md5sum`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout.split('\n')).toEqual([
      'one||full|ok',
      'two|one|incremental|ok',
      'pool-b/d@one',
      'pool-b/d@two',
      `${createHash('md5').update(bytesOf(objects[2]!)).digest('hex')}  -`,
      '',
    ])
  })
})

function bytesOf({ key, parts }: StoredThen): Buffer {
  if (key.includes('@')) return readFileSync(`${vectors}/store/${key}`)
  return Buffer.from(randomBytes(parts.reduce((sum, bytes) => sum + bytes, 0)))
}

async function putAsThen({ client, name }: Bucket, { key, parts, metadata }: StoredThen, bytes: Buffer) {
  const at = { Bucket: name, Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Metadata: metadata }))
  const done: { PartNumber: number; ETag: string | undefined }[] = []
  let offset = 0
  for (const [index, length] of parts.entries()) {
    const Body = bytes.subarray(offset, offset + length)
    const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: index + 1, Body }))
    done.push({ PartNumber: index + 1, ETag })
    offset += length
  }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: done } }))
}
