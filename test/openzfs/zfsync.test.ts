import { describe, expect } from 'vitest'
import { test } from './guest.ts'

const sync = (words = '', dataset = '$A/data') => `zfsync-send -v ${words} --via "zfsync-recv $B/copy" ${dataset}`
const quietly = 'zfsync-send -q --via "zfsync-recv $B/copy" $A/data'
const guids = (dataset: string) => `zfs list -Hp -t snapshot -o guid -s createtxg -d 1 ${dataset}`
const sameGuids = (path = '') => `diff <(${guids(`$A/data${path}`)}) <(${guids(`$B/copy${path}`)})`

describe('zfsync on OpenZFS', () => {
  test('sends encrypted datasets raw, never decrypted, with what is below', async ({ zfs }) => {
    const ended = await zfs.script(`
      echo 'a long passphrase' >pass
      zfs create -o encryption=on -o keyformat=passphrase -o keylocation="file://$PWD/pass" $A/data
      zfs create $A/data/below
      fill a/data/1 300000; fill a/data/below/1 100000; zfs snapshot -r $A/data@s1
      ends 77 ${sync('--raw never')} 2>refused
      grep -q 'is encrypted, and --raw=never forbids' refused
      ends 1 zfs list $B/copy 2>/dev/null
      ${sync()} 2>/dev/null
      fill a/data/2 300000; zfs snapshot -r $A/data@s2; zfs snapshot -r $A/data@s3
      ${sync()} 2>/dev/null
      ${sameGuids()}; ${sameGuids('/below')}
      zfs get -H -o value encryption,keystatus $B/copy/below
      zfs load-key -L "file://$PWD/pass" $B/copy >/dev/null; zfs load-key -L "file://$PWD/pass" $B/copy/below >/dev/null
      zfs mount $B/copy; zfs mount $B/copy/below
      same a/data b/copy`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/aes-256-gcm\nunavailable\n$/)
  })

  test('goes on from a bookmark when the base is gone from the source', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; fill a/data/1 300000; zfs snapshot $A/data@s1
      ${sync()} 2>/dev/null
      zfs bookmark $A/data@s1 $A/data#base; zfs destroy $A/data@s1
      for i in 2 3 4; do fill a/data/$i 100000; zfs snapshot $A/data@s$i; done
      ${sync()} 2>&1 | sed 's/: [0-9.]* .iB.*//'
      zfs mount $B/copy; same a/data b/copy
      zfs list -H -o name -t snapshot $B/copy`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toContain('zfsync-send: pool-a/data@s2: increment from #base')
    expect(ended.stdout).toContain('zfsync-send: pool-a/data@s4: increment from @s2')
    expect(ended.stdout).toMatch(/copy@s1\npool-b\/copy@s2\npool-b\/copy@s3\npool-b\/copy@s4\n$/)
  })

  test('bookmarks what the receiver has, so that a source without its snapshots can go on', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs create $A/data/below; fill a/data/1 300000; zfs snapshot -r $A/data@s1
      ${sync()} >/dev/null 2>&1
      zfs snapshot -r $A/data@s2; zfs snapshot -r $A/data@s3
      ${sync()} >/dev/null 2>&1
      zfs list -H -o name -t bookmark -r $A | sed 's/#.*-/#/' >marks
      zfs list -Hp -o name,guid -t snapshot -r $A | sed -n 's/@s3\\t/ /p' | while read -r name guid; do printf '%s#%016x\\n' $name $guid; done | diff - marks
      zfs destroy -r $A/data@%; fill a/data/2 300000; zfs snapshot -r $A/data@s4
      ${sync()} 2>/dev/null | sed 's/(.*)//'
      zfs list -H -o name -t bookmark -r $A | wc -l
      zfs mount $B/copy; same a/data b/copy`)
    expect(ended).toEqual({
      status: 0,
      stdout: expect.stringMatching(/: 2 brought up to date , 0 unchanged, 0 failed\n2\n$/),
      stderr: '',
    })
  })

  test('P5: holds what can have no bookmark: of so long a name, and in a pool without the feature', async ({ zfs }) => {
    const ended = await zfs.script(`
      long=$A/data/$(printf 'l%.0s' {1..215})
      zfs create $A/data; zfs create $long; zfs snapshot -r $A/data@s1
      ${quietly}; zfs snapshot -r $A/data@s2; ${quietly}
      zfs get -H -o value userrefs $long@s1 $long@s2; zfs list -H -t bookmark -o name -r $A | wc -l
      truncate -s 100M c.pool; zpool create -d -o cachefile=none -m none pool-c "$PWD/c.pool"; zfs create pool-c/data
      zfs snapshot pool-c/data@s1; zfsync-send -q --via "zfsync-recv $B/other" pool-c/data
      zfs get -H -o value userrefs pool-c/data@s1
      zpool destroy pool-c`)
    expect(ended).toEqual({ status: 0, stdout: '0\n1\n1\n1\n', stderr: '' })
  })

  test('receives anew what is encrypted by now, where the receiver says so', async ({ zfs }) => {
    const ended = await zfs.script(`
      echo 'a long passphrase' >pass
      zfs create $A/data; fill a/data/1 100000; zfs snapshot $A/data@s1
      ${quietly}
      zfs send $A/data@s1 | zfs receive -o encryption=on -o keyformat=passphrase -o keylocation="file://$PWD/pass" $A/new
      zfs destroy -r $A/data; zfs rename $A/new $A/data; zfs snapshot $A/data@s2
      ends 73 ${quietly} 2>refused
      grep -c 'is not encrypted, and pool-a/data is' refused
      zfsync-send -q --via "zfsync-recv --on-diverged=rename $B/copy" $A/data
      zfs get -H -o value encryption $B/copy; ${sameGuids()}`)
    expect(ended).toEqual({ status: 0, stdout: '1\naes-256-gcm\n', stderr: '' })
  })

  const broken = (words: string) => `
      (zfsync-send --bwlimit 2M ${words} & sender=$!
      until grep -qsz '^receive$' /proc/[0-9]*/cmdline; do sleep 0.2; done; sleep 6
      kill -9 $sender; wait $sender || true) 2>/dev/null
      sleep 2
      [ "$(zfs get -H -o value receive_resume_token $B/copy)" != - ]`

  test('goes on with what a killed run has kept, in full and in an increment', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; fill a/data/1 60000000; zfs snapshot $A/data@s1
      ${broken('--via "zfsync-recv $B/copy" $A/data')}
      ${sync()} 2>&1 | tee said
      fill a/data/2 60000000; zfs snapshot $A/data@s2; zfs snapshot $A/data@s3
      ${broken('--via "zfsync-recv $B/copy" $A/data')}
      ${sync()} 2>&1 | tee -a said
      grep -c 'the rest of what was interrupted' said
      ${sameGuids()}
      zfs mount $B/copy; same a/data b/copy`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/\n2\n$/)
  })

  test('P5: rolled back, keeps what the source has destroyed, and goes on with what was broken', async ({ zfs }) => {
    const rollback = '--no-bookmark -p --via "zfsync-recv --on-diverged rollback $B/copy" $A/data'
    const ended = await zfs.script(`
      zfs create $A/data; fill a/data/1 300000; zfs snapshot $A/data@s1; zfs snapshot $A/data@s2
      zfsync-send -q ${rollback}; zfs destroy $A/data@s1
      fill a/data/2 60000000; zfs snapshot $A/data@s3; zfs snapshot $A/data@s4
      ${broken(rollback)}
      zfs set readonly=off $B/copy; zfs mount $B/copy; echo own >b/copy/own; zfs unmount $B/copy
      zfsync-send -v ${rollback} 2>&1 | grep -c 'the rest of what was interrupted'
      zfs list -H -o name -t snapshot $B/copy; zfs mount $B/copy; same a/data b/copy`)
    const snapshots = ['s1', 's2', 's3', 's4'].map((name) => `pool-b/copy@${name}\n`).join('')
    expect(ended).toEqual({ status: 0, stdout: `1\n${snapshots}`, stderr: '' })
  })

  test('throws away what was kept of a snapshot that is gone', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; fill a/data/1 60000000; zfs snapshot $A/data@s1
      ${broken('--via "zfsync-recv $B/copy" $A/data')}
      zfs destroy $A/data@s1; rm -r a/data/1; fill a/data/2 300000; zfs snapshot $A/data@s2
      ${sync()} 2>&1 | sed 's/: [0-9.]* .*B$//'
      ${sameGuids()}`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toContain('what an interrupted receive has kept is thrown away')
    expect(ended.stdout).toContain('pool-a/data@s2: in full')
  })

  test('goes on with nothing that would be sent decrypted', async ({ zfs }) => {
    const ended = await zfs.script(`
      echo 'a long passphrase' >pass
      zfs create -o encryption=on -o keyformat=passphrase -o keylocation="file://$PWD/pass" $A/data
      fill a/data/1 3000000; zfs snapshot $A/data@s1
      zfs send $A/data@s1 | head -c 2000000 | zfs receive -s -u $B/copy 2>/dev/null || true
      [ "$(zfs get -H -o value receive_resume_token $B/copy)" != - ]
      ${sync()} 2>&1 | grep -oE 'what an interrupted.*away|@s1: in full'
      zfs get -H -o value encryption,keystatus $B/copy | paste -s; ${sameGuids()}`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'what an interrupted receive has kept is thrown away\n@s1: in full\naes-256-gcm\tunavailable\n',
      stderr: '',
    })
  })

  test('properties come if they are asked for, but none that takes space from others or keeps streams out', async ({
    zfs,
  }) => {
    const space = 'quota,refquota,reservation,refreservation'
    const ended = await zfs.script(`
      zfs create -o quota=300M -o refquota=200M -o reservation=20M -o refreservation=10M -o atime=off $A/data
      zfs create -o mountpoint=/elsewhere -o sharenfs=off $A/data/below
      zfs create -V 8M $A/data/volume; zfs snapshot -r $A/data@s1
      ${sync('-p')} >/dev/null 2>&1
      zfs get -H -o value atime,${space} $B/copy | paste -s
      zfs get -H -o value reservation,refreservation,volsize $B/copy/volume | paste -s
      zfs get -H -o value readonly,canmount,mountpoint $B/copy/below | paste -s
      # Also of one that was received before this was so.
      zfs inherit -S quota $B/copy; zfs set quota=320M $A/data; zfs set atime=on $A/data; zfs set mountpoint=/elsewhere $A/data; zfs snapshot -r $A/data@s2; zfs snapshot -r $A/data@s3
      ${sync('-p')} >/dev/null 2>&1
      zfs get -H -o value atime,${space},mountpoint $B/copy | paste -s
      zfsync-send -q -p --via "zfsync-recv -o quota=50M -o mountpoint=/there $B/other" $A/data
      zfs get -H -o value ${space},mountpoint $B/other | paste -s`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const none = 'none\tnone\tnone\tnone'
    expect(ended.stdout.replaceAll(/\/tmp\S*\/b\//g, 'B/')).toBe(
      `off\t${none}\nnone\tnone\t8M\non\tnoauto\tB/copy/below\non\t${none}\tB/copy\n50M\tnone\tnone\tnone\t/there\n`,
    )
  })

  test('holds the base, though somebody else holds a newer snapshot', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs snapshot $A/data@s1; zfs snapshot $A/data@s2
      ${sync()} >/dev/null 2>&1
      zfs snapshot $B/copy@mine; zfs hold keep $B/copy@mine; zfs hold zfsync $B/copy@s1
      ends 73 ${sync()} >/dev/null 2>&1
      zfs list -H -o name -t snapshot $B/copy | xargs zfs holds -H | cut -f 1,2`)
    expect(ended).toEqual({ status: 0, stdout: 'pool-b/copy@s2\tzfsync\npool-b/copy@mine\tkeep\n', stderr: '' })
  })

  test('volumes; compressed and large blocks as they are; properties of a replica', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create -o compression=lz4 -o recordsize=1M -o mountpoint=$PWD/elsewhere -o sharenfs=off $A/data
      yes | head -c 20000000 >elsewhere/text || true
      zfs create -s -V 8M $A/data/volume
      zfs snapshot -r $A/data@s1
      ${sync('-j 2')} >/dev/null 2>&1
      zfs get -H -o value readonly,canmount,mounted,mountpoint $B/copy | paste -s
      zfs get -H -o value type,readonly $B/copy/volume | paste -s
      zfs mount $B/copy; same elsewhere b/copy
      ${sync()} 2>&1`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^on\tnoauto\tno\t\/.*\/b\/copy\nvolume\ton\nDATASET.*2 unchanged, 0 failed\n$/s)
  })

  test('tells sizes without sending', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; fill a/data/1 3000000; zfs snapshot $A/data@s1
      zfsync-send -n --via "zfsync-recv $B/copy" $A/data`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^pool-a\/data@s1: in full, about [\d.]+ MiB\n$/)
  })
})
