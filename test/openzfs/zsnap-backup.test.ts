import { describe, expect } from 'vitest'
import { test } from './guest.ts'

const silence = { status: 0, stdout: '', stderr: '' }

const store = 'mkdir store; export ZPIPES_STORE="file://$PWD/store"'
const fillTwice = `
  fill "a/data set/1" 1000000
  zfs snapshot "$A/data set@s1"
  fill "a/data set/2" 1000000
  zfs snapshot "$A/data set@s2"
`
const make = `${store}
  zfs create "$A/data set"
  ${fillTwice}`
const record = (number: number) => `cat store/$A/".data set@s${number}".*.zpipes`
const device = 'device() { for d in /dev/zd*; do [ "$(/lib/udev/zvol_id $d)" = $1 ] && echo $d; done; }'

describe('zsnap backup, zsnap restore', () => {
  test('flags for zfs send: recorded with the estimated size, and kept to', async ({ zfs }) => {
    const ended = await zfs.script(`${store}
      zfs create -o recordsize=1M -o compression=lz4 "$A/data set"
      ${fillTwice}
      zsnap backup --send-flags '-L -c -e' --snapshot s1 "$A/data set"
      ends 64 zsnap backup "$A/data set" 2>refused
      grep -q 'cannot go on without -L' refused
      zsnap backup --send-flags '-L -c -e' "$A/data set"
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zfs mount $B/copy
      same "a/data set" b/copy
      ${record(1)}
      stat -c '{"bytes":%s}' "store/$A/data set@s1"`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [{ metadata }, { bytes }] = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(metadata).toMatchObject({ 'send-flags': '-L -c -e', isfull: 'true' })
    // zfs send -nP counts what it knows: data, and not all of what is around it.
    expect(Number(metadata.size)).toBeGreaterThan(bytes * 0.8)
    expect(Number(metadata.size)).toBeLessThan(bytes * 1.2)
  })

  test('raw and encrypted: stored and restored without the key; not gone on with unraw', async ({ zfs }) => {
    const ended = await zfs.script(`${store}
      echo correct horse | zfs create -o encryption=on -o keyformat=passphrase "$A/data set"
      ${fillTwice}
      zsnap backup --send-flags=-w --snapshot s1 "$A/data set"
      ends 64 zsnap backup "$A/data set" 2>refused
      grep -q 'raw, and cannot go on without -w' refused
      zsnap backup --send-flags=-w "$A/data set"
      ! grep -rq 'twelve bytes' store
      zsnap restore -q --to $B/copy "$A/data set@s2"
      [ "$(zfs get -H -o value keystatus $B/copy)" = unavailable ]
      echo correct horse | zfs load-key $B/copy
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toEqual(silence)
  })

  test('tells where a chain of an encrypted dataset begins decrypted, once', async ({ zfs }) => {
    const told = `pool-a/data set@s1: is encrypted here, and is stored decrypted`
    const ended = await zfs.script(`${store}
      echo correct horse | zfs create -o encryption=on -o keyformat=passphrase "$A/data set"
      ${fillTwice}
      zsnap backup --snapshot s1 "$A/data set" 2>told
      grep -c '${told}: --send-flags=-w stores it as it is' told
      zsnap backup "$A/data set"
      zsnap backup --full --send-flags=-w "$A/data set"`)
    expect(ended).toEqual({ ...silence, stdout: '1\n' })
  })

  test('a bookmark is the base, and its snapshot may go', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --protect bookmark --snapshot s1 "$A/data set"
      zfs destroy "$A/data set@s1"
      zsnap backup --protect bookmark "$A/data set"
      zfs list -H -t bookmark -o name -r $A | sed 's/zpipes-[0-9a-f]*/zpipes/'
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toEqual({ ...silence, stdout: 'pool-a/data set#zpipes-s2\n' })
  })

  test('a bookmark of another snapshot of its name is in the way of nothing, nor a hold of before', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s1 "$A/data set"
      zsnap backup --protect bookmark "$A/data set"
      rm -r store; mkdir store; zfs destroy "$A/data set@s2"; zfs snapshot "$A/data set@s2"
      zsnap backup --protect bookmark "$A/data set"
      zfs get -H -o value userrefs "$A/data set@s1"
      zfs list -H -t bookmark -o name -r $A | sed 's/zpipes-[0-9a-f]*-[0-9a-f]*$/guid/'`)
    expect(ended).toEqual({ ...silence, stdout: '0\npool-a/data set#guid\n' })
  })

  test('the last one alone is held', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup "$A/data set"
      zfs holds -H "$A/data set@s1" "$A/data set@s2" | cut -f 1,2 | sed 's/zpipes-.*/zpipes/'
      zsnap backup --dry-run "$A/data set"`)
    expect(ended).toEqual({ ...silence, stdout: 'pool-a/data set@s2\tzpipes\n' })
  })

  test('out of a pool that is read-only nothing can be held; how to do without is told', async ({ zfs }) => {
    const { status, stderr } = await zfs.script(`${store}; zfs create $A/data; zfs snapshot $A/data@s1
      zpool export $A
      zpool import -d $PWD -o readonly=on $A
      ends 69 zsnap backup $A/data
      ends 69 zfsync-send -q --via "zfsync-recv $B/copy" $A/data
      zsnap backup --protect=none $A/data`)
    expect(status).toBe(0)
    expect(stderr).toMatch(/nothing is destroyed: --protect=none .*\n(.*\n)+.*nothing is destroyed: --no-bookmark /)
  })

  test('commands for sh: pipelines, holds, a rollback', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --dry-run "$A/data set" | sh -e
      zfs get -H -o value userrefs "$A/data set@s1" "$A/data set@s2"
      zsnap restore -q --to $B/copy "$A/data set@s1"
      zfs snapshot $B/copy@later
      zsnap restore -q --force --dry-run --to $B/copy "$A/data set@s2" >commands
      sh -e commands
      zfs mount $B/copy
      same "a/data set" b/copy
      zfs list -H -t snapshot -o name -r $B`)
    expect(ended).toEqual({ ...silence, stdout: '0\n1\npool-b/copy@s1\npool-b/copy@s2\n' })
  })

  test('what properties a copy takes of a stream; a mount point that came along is said', async ({ zfs }) => {
    const ended = await zfs.script(`${store}
      zfs create -o compression=lz4 $A/home; zfs create $A/home/below; zfs snapshot -r $A/home@s1
      zfs set mountpoint=$PWD/live $A/home; zfs set mountpoint=$PWD/live/below $A/home/below
      echo new >live/file; zfs snapshot -r $A/home@s2
      zsnap backup --send-flags=-p $A/home
      zsnap restore --to $A/beside $A/home@s2 2>&1 | tail -2
      zsnap restore -q --to $B/apart -x mountpoint -o atime=off $A/home@s2
      zfs get -H -o name,value,source mountpoint,compression,atime $B/apart
      zfs send -R $A/home@s1 | pput -q --metadata isfull=true file://$PWD/store/$A/all@s1
      zfs send -RI @s1 $A/home@s2 | pput -q --metadata "parent=$A/all@s1" file://$PWD/store/$A/all@s2
      zsnap restore -q --to $B/all -x mountpoint $A/all@s2
      zfs get -r -s received -H -o name,value mountpoint $B/all
      zfs mount $B/apart; cat b/apart/file`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [said, hint, ...rest] = ended.stdout.trimEnd().split('\n')
    expect(said).toMatch(/^zsnap: pool-a\/beside: its mountpoint came with the stream: .*\/live$/)
    expect(hint).toContain("hint: before it is mounted: zfs inherit mountpoint 'pool-a/beside'; -x mountpoint")
    expect(rest.join('\n')).toMatch(
      /^pool-b\/apart\t\S+\/b\/apart\tinherited.*\npool-b\/apart\tlz4\treceived\npool-b\/apart\toff\tlocal\nnew$/,
    )
  })

  test('a volume', async ({ zfs }) => {
    const ended = await zfs.script(`${device}
      ${store}
      zfs create -V 16M $A/data
      until [ -n "$(device $A/data)" ]; do sleep 0.2; done
      head -c 3000000 /dev/urandom >"$(device $A/data)"
      zfs snapshot $A/data@s1
      head -c 1000000 /dev/urandom >"$(device $A/data)"
      zfs snapshot $A/data@s2
      zsnap backup $A/data
      zsnap restore -q --to $B/copy $A/data@s2
      until [ -n "$(device $B/copy)" ]; do sleep 0.2; done
      cmp "$(device $A/data)" "$(device $B/copy)"`)
    expect(ended).toEqual(silence)
  })

  test('what an interrupted zfs receive -s has left is cleared, of a full and of an increment', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup "$A/data set"
      for number in 1 2; do
        head -c 600000 "store/$A/data set@s$number" | ends 1 zfs receive -s -u $B/copy 2>/dev/null
        [ "$(zfs get -H -o value receive_resume_token $B/copy)" != - ]
        zsnap restore -q --to $B/copy "$A/data set@s$number"
        [ "$(zfs get -H -o value receive_resume_token $B/copy)" = - ]
      done
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toEqual(silence)
  })
})
