import { test as base, describe, expect } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { test, type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

describe('P5: --force of what zfs send -R has made', () => {
  const packages = `
    mkdir store
    export ZPIPES_STORE="file://$PWD/store"
    zfs create $A/data; zfs create $A/data/child
    for number in 1 2; do fill a/data/$number 100000; zfs snapshot -r $A/data@s$number; done
    zfs send -R $A/data@s1 | pput $ZPIPES_STORE/$A/data@s1
    zfs send -R -i s1 $A/data@s2 | pput $ZPIPES_STORE/$A/data@s2
    below() { zfs list -H -t filesystem,snapshot -o name -r $B/copy | tr '\\n' ' '; echo; }`

  test('destroys no dataset and no snapshot that was not named', async ({ zfs }) => {
    const ended = await zfs.script(`${packages}
      zsnap restore -q --to $B/copy $A/data@s1
      zfs mount $B/copy; echo changed >b/copy/changed
      zfs create $B/copy/own; zfs snapshot $B/copy/own@mine
      for try in $(seq 50); do zfs umount $B/copy/own 2>/dev/null && zfs umount $B/copy && break; sleep 0.1; done
      zsnap restore --dry-run --force --to $B/copy $A/data@s2 | sed "s/pget.* [|] //"
      zsnap restore -q --force --to $B/copy $A/data@s2
      below
      zfs mount $B/copy; same a/data/2 b/copy/2; absent b/copy/changed`)
    const snapshots = ['copy', 'copy@s1', 'copy@s2', 'copy/child', 'copy/child@s1', 'copy/child@s2']
    const names = [...snapshots, 'copy/own', 'copy/own@mine'].map((name) => `pool-b/${name} `).join('')
    const commands = 'zfs rollback pool-b/copy@s1\nzfs receive -u pool-b/copy\n'
    expect(ended).toEqual({ status: 0, stdout: `${commands}${names}\n`, stderr: '' })
  })

  test('takes the place of a dataset, and of none below it', async ({ zfs }) => {
    const ended = await zfs.script(`${packages}
      zfs create $B/copy; zfs create $B/copy/child; echo mine >b/copy/child/mine
      ends 73 zsnap restore -q --force --to $B/copy $A/data@s1
      cat b/copy/child/mine
      # zfs-fuse takes a moment to unmount one, and fails what is received in its place meanwhile.
      destroy $B/copy/child; zfs unmount $B/copy
      until ! grep -q " $PWD/b/copy" /proc/mounts; do sleep 0.1; done; sleep 1
      zsnap restore -q --force --to $B/copy $A/data@s1
      below`)
    const told = 'zsnap: pool-b/copy/child: exists, and a stream of several datasets might take its place'
    expect(ended.stderr).toMatch(new RegExp(`^${told}\nzsnap: hint: .*\n$`))
    expect(ended.stdout).toBe('mine\npool-b/copy pool-b/copy@s1 pool-b/copy/child pool-b/copy/child@s1 \n')
  })

  test('is not taken for whole by what has come of it first', async ({ zfs }) => {
    const ended = await zfs.script(`${packages}
      zsnap restore -q --to $B/copy $A/data@s1; zsnap restore -q --to $B/copy $A/data@s1
      destroy -r $B/copy/child
      ends 73 zsnap restore -q --to $B/copy $A/data@s1
      destroy -r $B/copy
      mkdir bin; export PATH="$PWD/bin:$PATH"
      zfs=$(command -v zfs); printf '#!/bin/sh\n"%s" "$@" || exit\n[ "$1" != receive ] || . ./after\n' "$zfs" >bin/zfs; chmod +x bin/zfs
      echo 'sleep 1; "$zfs" destroy -r $B/copy/child' >after; export zfs
      ends 65 zsnap restore -q --to $B/copy $A/data@s1
      "$zfs" destroy -r $B/copy
      echo 'sleep 1; "$zfs" destroy -r $B/copy/child; echo "cannot receive: I/O error" >&2; exit 1' >after
      ends 74 zsnap restore -q --to $B/copy $A/data@s1`)
    const lack = 'zsnap: pool-b/copy: has pool-a/data@s1, but pool-b/copy/child@s1, which came with it, is not there'
    expect(ended.stderr).toMatch(new RegExp(`^${lack}\nzsnap: hint: zfs destroy -r 'pool-b/copy' .*\n`))
    expect(ended.stderr.split('\n').slice(2)).toEqual([
      'zsnap: pool-b/copy: zfs receive ended well, but pool-b/copy/child@s1 is not there',
      'zsnap: zfs ended with status 1: cannot receive: I/O error',
      '',
    ])
    expect(ended.status).toBe(0)
  })

  test('is known by its beginning where nobody has recorded it, and then destroys nothing', async ({ zfs }) => {
    const ended = await zfs.script(`${packages}
      for number in 1 2; do
        from=$([ $number = 1 ] || echo '-i s1')
        zfs send -R $from $A/data@s$number >stream; size=$(stat -c %s stream)
        [ $number = 1 ] && is='isfull=true' || is="parent=$A/data@s1"
        pput --overwrite --format bytes --meta size=$size --meta $is $ZPIPES_STORE/$A/data@s$number <stream
      done
      zfs create $B/copy; zfs create $B/copy/child; echo mine >b/copy/child/mine
      ends 74 zsnap restore -q --force --to $B/copy $A/data@s1 2>/dev/null
      cat b/copy/child/mine
      destroy -r $B/copy
      zsnap restore -q --to $B/copy $A/data@s2
      below`)
    expect(ended.stderr).toBe('')
    const names = ['copy', 'copy@s1', 'copy@s2', 'copy/child', 'copy/child@s1', 'copy/child@s2']
    expect(ended.stdout).toBe(`mine\n${names.map((name) => `pool-b/${name} `).join('')}\n`)
  })
})

describe('P3: a package that names its snapshot only behind the first part', () => {
  // A part has 1 MiB in a directory, and 8 MiB in a bucket.
  const packages = (first: number, parent = '') => `
    zfs create $A/data
    for number in 1 2 3 4; do fill a/data/$number ${first}; zfs snapshot $A/data@s$number; done
    zfs send -R $A/data@s2 | pput $ZPIPES_STORE/$A/data@s2
    zfs send -I s2 $A/data@s4 | pput ${parent} $ZPIPES_STORE/$A/data@s4
    fill a/data/5 100000; zfs snapshot $A/data@s5`

  const names = [1, 2, 3, 4, 5].map((number) => `pool-b/copy@s${number}\n`)
  const allThere = { status: 0, stdout: `3\n${names.join('')}`, stderr: '' }

  test('is known by its guid in a directory, and gone on from', async ({ zfs }) => {
    const ended = await zfs.script(`
      mkdir store
      export ZPIPES_STORE="file://$PWD/store"
      ${packages(1_100_000)}
      zfs send -i s4 $A/data@s5 | pput $ZPIPES_STORE/$A/data@s5
      zsnap status --json $A/data | grep -c '"health":"ok"'
      zsnap verify -q --deep $A/data
      zsnap restore -q --to $B/copy $A/data@s5
      zsnap restore -q --to $B/copy $A/data@s5
      zfs list -H -o name -t snapshot -r $B/copy`)
    expect(ended).toEqual(allThere)
  })

  const withZfs = base.extend<{ zfs: ZfsHost }>(zfsFixture)
  withZfs('is known by its name in a bucket', async ({ zfs }) => {
    const { name, environment } = await standInWithBucket()
    const variables = Object.entries({ ...environment, ZPIPES_STORE: `s3://${name}` })
    const ended = await zfs.script(`
      ${variables.map(([key, value]) => `export ${key}='${value}'`).join('\n')}
      ${packages(8_500_000, '--metadata parent=$A/data@s2')}
      zsnap backup $A/data
      zsnap status --json $A/data | grep -c '"health":"ok"'
      zsnap verify -q --deep $A/data
      zsnap restore -q --to $B/copy $A/data@s5
      zsnap restore -q --to $B/copy $A/data@s4
      zfs list -H -o name -t snapshot -r $B/copy`)
    expect(ended).toEqual(allThere)
  })
})
