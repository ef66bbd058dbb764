import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { test as base, describe, expect } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { test, type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

const snapshots = `
  zfs create $A/data
  for number in 1 2 3; do
    fill a/data/$number 200000
    zfs snapshot $A/data@s$number
  done
`
const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  ${snapshots}
`
const prune = `zsnap prune --match '*' --keep-last 1`

// zfs that, while it sends, does what another machine does to the store.
const meanwhile = (command: string) => `
  mkdir path
  cat >path/zfs <<'END'
#!/bin/sh
real=$(dirname "$0")/real-zfs
case "$*" in send*-nP*|send*-nvP*|send*-nv*) exec "$real" "$@";; send*) ${command};; esac
exec "$real" "$@"
END
  ln -s "$(command -v zfs)" path/real-zfs
  chmod +x path/zfs
`

describe('two machines and one store', () => {
  test('an increment whose parent another prunes is not stored, and the next run begins anew', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s2 $A/data
      ${meanwhile('rm -f store/pool-a/*@s2')}
      PATH="$PWD/path:$PATH" ends 75 zsnap backup $A/data
      ls store/$A
      zsnap backup $A/data
      ls store/$A
      zsnap restore -q --to $B/copy $A/data@s3
      zfs mount $B/copy
      same a/data b/copy
      for number in 1 2 3; do zfs get -H -o value userrefs $A/data@s$number; done | tr '\\n' ' '`)
    expect(ended).toMatchObject({ status: 0, stdout: 'data@s1\ndata@s1\ndata@s2\ndata@s3\n0 0 1 ' })
    expect(ended.stderr).toMatch(/^zsnap: pool-a\/data@s3: is not stored, since pool-a\/data@s2 went from the store/)
  })

  test('a failed run takes back no hold that another has made meanwhile', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      mkdir path
      printf '%s\\n' '#!/bin/sh' 'real=$(dirname "$0")/real-zfs' \\
        'case $1 in hold) "$real" "$@";; esac' \\
        'case "$*" in *-n*) ;; send*) exit 3;; esac' \\
        'exec "$real" "$@"' >path/zfs
      ln -s "$(command -v zfs)" path/real-zfs
      chmod +x path/zfs
      PATH="$PWD/path:$PATH" ends 65 zsnap backup --snapshot s1 $A/data 2>/dev/null
      zfs get -H -o value userrefs $A/data@s1`)
    expect(ended).toMatchObject({ status: 0, stdout: '1\n' })
  })

  test('a run that another was faster than leaves the hold that both rely on', async ({ zfs }) => {
    const ended = await zfs.script(`
      mkdir store locks; mkdir -p -m 700 /var/run/zpipes; chmod 700 locks; mkfifo go
      export ZPIPES_STORE="file://$PWD/store"
      zfs create $A/data; fill a/data/1 100000; zfs snapshot $A/data@s1
      zsnap backup --through 'touch begun; read word <go; cat' $A/data 2>told &
      until [ -e begun ]; do sleep 0.05; done
      # Another container has locks of its own.
      unshare -m sh -c 'mount --bind locks /var/run/zpipes && zsnap backup "$0"' $A/data
      echo >go
      ends 73 wait $!
      cat told
      zfs get -H -o value userrefs $A/data@s1`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'zsnap: pool-a/data@s1: came to be while it was being stored\n1\n',
      stderr: '',
    })
  })

  test('a chain that begins beside those of another dataset of this name is told once, and each is restored', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --protect none $A/data
      destroy -r $A/data
      zfs create $A/data; fill a/data/other 100000; zfs snapshot $A/data@n1
      zsnap backup $A/data
      zfs snapshot $A/data@n2
      zsnap backup $A/data
      for each in s3 n2; do zsnap restore -q --to $B/$each $A/data@$each; zfs mount $B/$each; ls b/$each; done`)
    expect(ended).toEqual({
      status: 0,
      stdout: '1\n2\n3\nother\n',
      stderr: 'zsnap: pool-a/data: its 3 backups in the store are of no snapshot here: a new chain begins\n',
    })
  })

  test("nothing is pruned while a backup is on its way; what was forgotten is in nobody's way", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup $A/data
      zsnap backup --full $A/data
      upload="store/$A/.data@s9.0badcafe-1.00000000.upload"
      echo part >"$upload"
      ends 75 ${prune} --store "$ZPIPES_STORE" $A/data
      ls store/$A
      ${prune} -n --store "$ZPIPES_STORE" $A/data | grep -c '^remove'
      touch -d '25 hours ago' "$upload"
      zfs snapshot $A/data@s4
      zsnap backup --full $A/data
      ${prune} --store "$ZPIPES_STORE" $A/data
      ls store/$A`)
    expect(ended).toMatchObject({ status: 0, stdout: 'data@s1\ndata@s2\ndata@s3\n2\ndata@s4\n' })
    expect(ended.stderr).toMatch(/^zsnap: pool-a\/data@s9: is on its way to the store, last written to at 20/)
  })
})

const withZfs = base.extend<{ zfs: ZfsHost }>(zfsFixture)
withZfs('the same in a bucket', async ({ zfs }) => {
  const { client, name, environment } = await standInWithBucket()
  const variables = Object.entries({ ...environment, ZPIPES_STORE: `s3://${name}` })
  const exports = variables.map(([key, value]) => `export ${key}='${value}'`).join('\n')
  const made = await zfs.script(`${exports}
    ${snapshots}
    zsnap backup $A/data
    # S3 tells whole seconds: what is stored in one of them has no order.
    sleep 1.1
    zfs snapshot $A/data@s4
    zsnap backup --full $A/data`)
  expect(made).toEqual({ status: 0, stdout: '', stderr: '' })
  const at = { Bucket: name, Key: 'pool-a/data@s5' }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: Buffer.alloc(1000) }))
  const ended = await zfs.script(`${exports}
    ends 75 ${prune} --store s3://${name} $A/data 2>told
    grep -o 'data@s5: is on its way' told
    zsnap status --json $A/data | grep -c '"type":"\\(full\\|incremental\\)"'
    sleep 1.1
    zsnap clean --max-age 1s >/dev/null
    ${prune} --store s3://${name} $A/data
    zsnap status --json $A/data | grep -c '"type":"\\(full\\|incremental\\)"'`)
  expect(ended).toEqual({ status: 0, stdout: 'data@s5: is on its way\n4\n1\n', stderr: '' })
})
