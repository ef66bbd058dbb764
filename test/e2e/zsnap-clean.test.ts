import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { test as base, expect } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { test, type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

test('removes what a killed program left in a directory, once it is old', async ({ zfs }) => {
  const ended = await zfs.script(`
    mkdir store
    mkfifo input; exec 3<>input
    pput --format bytes "file://$PWD/store/tank/home@s1" <input 3>&- & pput=$!
    head -c 4000000 /dev/urandom >&3
    until [ "$(find store -type f -size +2M | wc -l)" = 1 ]; do sleep 0.1; done
    kill -9 $pput; wait $pput 2>/dev/null || :; exec 3>&-
    echo stored | pput --format bytes "file://$PWD/store/tank/home@s2"
    clean="zsnap clean --store file://$PWD/store"
    $clean
    find store -type f -size +2M | wc -l
    $clean --max-age 1ms --dry-run
    find store -type f -size +2M | wc -l
    find store -type f -size +2M -exec touch -d 2130-01-01 {} ';'
    $clean --max-age 1ms
    $clean --max-age 0s
    find store -type f -size +2M | wc -l
    pget "file://$PWD/store/tank/home@s2"`)
  const upload = '\\d\\.\\d+ MiB'
  expect(ended.stdout).toMatch(
    new RegExp(
      `^1\ntank/home@s1: would be removed, ${upload}, last written to \\d+s ago\n1 upload, ${upload}\n1\n` +
        `tank/home@s1: removed, ${upload}, last written to \\d+s ago\n1 upload, ${upload}\n0\nstored\n$`,
    ),
  )
})

const withZfs = base.extend<{ zfs: ZfsHost }>(zfsFixture)
withZfs('aborts stale multipart uploads in a bucket, and says how many bytes', async ({ zfs }) => {
  const { client, name, environment } = await standInWithBucket()
  const at = { Bucket: name, Key: 'z3-backup/tank/home@s1' }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: Buffer.alloc(6_291_456) }))
  const uploads = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket: name }))).Uploads?.length ?? 0
  const clean = (words: string) =>
    zfs.script(`${Object.entries({ ...environment, BUCKET: name })
      .map(([key, value]) => `export ${key}='${value}'`)
      .join('\n')}
      sleep 1.1; zsnap clean ${words}`)
  expect(await clean('')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(await clean('--max-age 1s --dry-run')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('6.00 MiB'),
  })
  expect(await uploads()).toBe(1)
  expect(await clean('--max-age 1s')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/1 upload, 6.00 MiB\n$/),
  })
  expect(await uploads()).toBe(0)
})
