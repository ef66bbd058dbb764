import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { root, sh } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

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
