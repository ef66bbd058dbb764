import {
  CreateMultipartUploadCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect } from 'vitest'
import { type Bucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

const exported = ({ name, environment }: Bucket) =>
  Object.entries({ ...environment, ZPIPES_STORE: `s3://${name}` })
    .map(([key, value]) => `export ${key}='${value}'`)
    .join('\n')

// Two chains: s1 and s2, s3 and s4.
const make = (s3: Bucket) => `
  ${exported(s3)}
  zfs create "$A/data set"
  for number in 1 2 3 4; do
    fill "a/data set/$number" 200000
    zfs snapshot "$A/data set@s$number"
    [ $number = 1 -o $number = 3 ] || continue
    zsnap backup --full "$A/data set"
  done
  zsnap backup "$A/data set"
`
const kept = `zsnap status --json "$A/data set" | sed -n 's/.*"snapshot":"[^"]*@\\(s.\\)","type":"\\([fi][a-z]*\\)".*"health":"\\([^"]*\\)".*/\\1 \\2 \\3/p'`

describe.each(hostNames)('zsnap prune --store and zsnap verify on %s', (host) => {
  const test = testOn(host).extend<{ zfs: ZfsHost }>(zfsFixture)

  test('remove what no rule keeps, not while an upload is under way, and read what is left', async ({ zfs, s3 }) => {
    expect(await zfs.script(make(s3))).toEqual({ status: 0, stdout: '', stderr: '' })
    const at = { Bucket: s3.name, Key: 'pool-a/data set@s5' }
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(at))
    await s3.client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: Buffer.alloc(1000) }))
    const prune = `zsnap prune --match '*' --keep-last 1 --store "$ZPIPES_STORE" "$A/data set"`
    const ended = await zfs.script(`${exported(s3)}
      ${kept}
      zsnap verify "$A/data set"
      ends 75 ${prune} 2>/dev/null
      sleep 1.1
      zsnap clean --max-age 1s >/dev/null
      ${prune}
      ${kept}
      zsnap verify --deep "$A/data set"
      zsnap status "$A/data set" | grep -c 'deep [0-9]*s ago'
      zsnap restore -q --to $B/copy "$A/data set@s4"
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toEqual({
      status: 0,
      stdout: 's1 full ok\ns3 full ok\ns4 incremental ok\ns3 full ok\ns4 incremental ok\n2\n',
      stderr: '',
    })
  })
})

testOn('radosgw').extend<{ zfs: ZfsHost }>(zfsFixture)(
  'in a bucket with versions, what is pruned is hidden and stays until its rules remove it',
  async ({ zfs, s3 }) => {
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await s3.client.send(new PutBucketVersioningCommand({ Bucket: s3.name, VersioningConfiguration }))
    const ended = await zfs.script(`${make(s3)}
      zsnap prune --match '*' --keep-last 1 --store "$ZPIPES_STORE" "$A/data set"
      ${kept}
      ends 69 zsnap restore -q --to $B/copy "$A/data set@s1" 2>/dev/null
      zsnap restore -q --to $B/copy "$A/data set@s4"`)
    expect(ended).toEqual({ status: 0, stdout: 's3 full ok\ns4 incremental ok\n', stderr: '' })
    const { Versions = [], DeleteMarkers = [] } = await s3.client.send(
      new ListObjectVersionsCommand({ Bucket: s3.name, Prefix: 'pool-a/data set@s1' }),
    )
    expect([Versions.length, DeleteMarkers.length]).toEqual([1, 1])
  },
)
