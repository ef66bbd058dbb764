import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** The receiver's c is another than the sender's, and its `gone` is not the sender's any more. */
const diverged = `
  zfs create $A/data; zfs create $A/data/c; zfs snapshot -r $A/data@s1
  zfsync-send -q --via "zfsync-recv $B/copy" $A/data; unhold $B/copy/c; destroy -r $B/copy/c
  for each in c gone; do zfs create -o canmount=noauto -o zfsync:received=on $B/copy/$each; done
  zfs snapshot $B/copy/c@other
  head -c 100000 /dev/urandom >a/data/c/new; zfs snapshot -r $A/data@s2
`
const policy = '--on-diverged replace --gone destroy'
// A byte of the increment of c, whose full comes before it.
const damage = `const bytes = fs.readFileSync('streams'); bytes[bytes.indexOf('fromGuid', bytes.indexOf('buffer')) + 60000] ^= 1`
const names = 'zfs list -H -o name -r $B'

test('P5: a file of streams that is damaged replaces and removes nothing; the whole file does', async ({ zfs }) => {
  const ended = await zfs.script(`${diverged}
    zfsync-recv --inventory ${policy} $B/copy >have; zfsync-send --have have $A/data >streams
    node -e "${damage}; fs.writeFileSync('damaged', bytes)"
    ends 65 zfsync-recv ${policy} $B/copy <damaged 2>&1; zfs list -H -o name $B/copy/c@other; ${names}
    zfsync-recv ${policy} $B/copy <streams; ${names}; zfs mount $B/copy/c; same a/data/c b/copy/c`)
  expect(ended).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^zfsync-recv: .*\nzfsync-recv: .*\n/),
    stderr: '',
  })
  const lines = ended.stdout.split('\n').filter((line) => !line.startsWith('zfsync-recv: '))
  const before = ['pool-b', 'pool-b/copy', 'pool-b/copy.zfsyncbuffer', 'pool-b/copy.zfsyncbuffer/2F63']
  expect(lines).toEqual([
    'pool-b/copy/c@other',
    ...[...before, 'pool-b/copy/c', 'pool-b/copy/gone'],
    ...['pool-b', 'pool-b/copy', 'pool-b/copy/c', ''],
  ])
})

test('P5: what zfs has left out of its list is not removed as gone, as one that is renamed just then', async ({
  zfs,
}) => {
  // The first list that the sender asks for lacks c and what is below it.
  const shim = `mkdir shim; real=$(command -v zfs); cat >shim/zfs <<END
#!/bin/sh
[ "\\$1" = get ] && [ "\\$2 \\$3" = '-Hp -r' ] && mkdir $PWD/shim/once 2>/dev/null || exec $real "\\$@"
$real "\\$@" | grep -v '^pool-a/data/c[/@[:space:]]'
END
    chmod +x shim/zfs`
  const send = `zfsync-send --no-bookmark --via "PATH=$PATH zfsync-recv --gone destroy $B/copy" $A/data`
  const ended = await zfs.script(`zfs create $A/data; zfs create $A/data/c; zfs create $A/data/c/d
    zfs snapshot -r $A/data@s1; ${send} >table; zfs snapshot -r $A/data@s2; ${shim}
    PATH=$PWD/shim:$PATH ${send} | grep -o 'gone; .*'; [ -d shim/once ]; ${names}
    ${send} >table; zfs list -H -o name $B/copy/c/d@s2`)
  expect(ended).toEqual({
    status: 0,
    stdout: `gone; kept, because the source has changed meanwhile
gone; kept, because the source has changed meanwhile
pool-b
pool-b/copy
pool-b/copy/c
pool-b/copy/c/d
pool-b/copy/c/d@s2
`,
    stderr: '',
  })
})

test('P5: the replica of another sender, below this one, is not removed as gone', async ({ zfs }) => {
  const send = (words: string, from: string) => `zfsync-send --no-bookmark --via "zfsync-recv $B/${words}" $A/${from}`
  const ended = await zfs.script(`zfs create $A/data; zfs create $A/other; zfs create $A/other/c
    zfs snapshot -r $A/data@s1; zfs snapshot -r $A/other@s1
    ${send('copy', 'data')} >table; ${send('copy/other', 'other')} >table
    zfs snapshot -r $A/data@s2; ${send('copy --gone destroy', 'data')} | grep -o 'gone; .*'; ${names}
    destroy -r $A/other/c; ${send('copy/other --gone destroy', 'other')} | grep -o 'gone; .*'`)
  expect(ended).toEqual({
    status: 0,
    stdout: `gone; kept: pool-b/copy/other: is another replica's root
gone; kept: pool-b/copy/other: is another replica's root
pool-b
pool-b/copy
pool-b/copy/other
pool-b/copy/other/c
gone; destroyed
`,
    stderr: '',
  })
})

test('P5: the replica of another sender keeps its place: it is not taken for a renamed one, nor set aside with what is above it', async ({
  zfs,
}) => {
  const send = (words: string, from: string) => `zfsync-send --no-bookmark --via "zfsync-recv $B/${words}" $A/${from}`
  const ended = await zfs.script(`zfs create $A/data; zfs create $A/data/x; zfs create $A/other
    zfs snapshot -r $A/data@s1; zfs snapshot $A/other@s1
    ${send('copy', 'data')} >table; ${send('copy/x/other', 'other')} >table
    unhold $A/data; destroy -r $A/data/x; zfs send $A/other@s1 | zfs receive -u $A/data/new
    zfsync-recv --inventory $B/copy | sed 's/"mustStay":true,//g' >old; zfsync-send --have old $A/data >streams
    ends 73 zfsync-recv $B/copy <streams 2>&1
    ${send('copy --gone rename', 'data')} | grep -oE 'updated|gone; .*'; ${names}
    ${send('copy/x/other', 'other')} | grep -o '[0-9]* unchanged'`)
  expect(ended).toEqual({
    status: 0,
    stdout: `zfsync-recv: pool-b/copy/x/other: is another replica's root
zfsync-recv: hint: zfs inherit zfsync:replica 'pool-b/copy/x/other' makes it a part of this one, if it has no sender of its own
updated
gone; kept: pool-b/copy/x/other: is another replica's root
pool-b
pool-b/copy
pool-b/copy/new
pool-b/copy/x
pool-b/copy/x/other
1 unchanged
`,
    stderr: '',
  })
})

test('P5: what was below a dataset that is replaced is not removed in the same run, as where the sender was given another tree', async ({
  zfs,
}) => {
  const send = `zfsync-send --no-bookmark --via "zfsync-recv --on-diverged rename --gone destroy $B/copy"`
  const ended = await zfs.script(`zfs create $A/data; zfs create $A/data/c; zfs create $A/wrong
    zfs snapshot -r $A/data@s1; zfs snapshot $A/wrong@s1; ${send} $A/data >table
    ${send} $A/wrong | grep -o 'gone; .*'; zfs list -H -o name $B/copy/c@s1`)
  expect(ended).toEqual({
    status: 0,
    stdout: 'gone; kept, because what is above it was replaced\npool-b/copy/c@s1\n',
    stderr: '',
  })
})
