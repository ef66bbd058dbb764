import { describe, expect } from 'vitest'
import { test } from './guest.ts'

const silence = { status: 0, stdout: '', stderr: '' }
const txgOf = (snapshot: string) => `zfs get -Hp -o value createtxg ${snapshot}`
const made = 'zfs create $A/db; zfs create "$A/wal log"; zfs create $A/db/below'

describe('zsnap create', () => {
  test('takes several datasets at one instant, and of each pool', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap create --format x --hold keep $A/db "$A/wal log" $B >printed
      [ "$(${txgOf('$A/db@x')})" = "$(${txgOf('"$A/wal log@x"')})" ]
      ends 1 zfs list $A/db/below@x 2>/dev/null
      printf "$A/db@x\\n$A/wal log@x\\n$B@x\\n" | cmp - printed
      zfs holds -H $A/db@x "$A/wal log@x" $B@x | wc -l | grep -qx 3
      zfs release keep $A/db@x "$A/wal log@x" $B@x`)
    expect(ended).toEqual(silence)
  })

  test('takes none if one of them cannot be', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ends 69 zsnap create --format x $A/db $A/none 2>said
      zfs snapshot $A/db/below@y
      ends 73 zsnap create -r --format y $A/db "$A/wal log" 2>>said
      zfs list -H -o name -t snapshot
      cat said`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(
      /^pool-a\/db\/below@y\nzsnap: zfs: cannot .*pool-a\/none.*\nzsnap: zfs: cannot .*already exists\n$/,
    )
  })

  test('leaves out what has not changed', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap create -r --if-changed --format first $A/db
      zsnap create -rv --if-changed --format second $A/db
      echo new >a/db/below/file; zpool sync
      zsnap create -r --if-changed --format third --before "echo frozen" $A/db
      zsnap create --if-changed --format fourth --before "echo never" $A/db`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'pool-a/db@first\npool-a/db/below@first\npool-a/db/below@third\n',
      stderr: 'zsnap: nothing was written since the last snapshots\nfrozen\n',
    })
  })
})

describe('zsnap prune', () => {
  const snapshots = 'for i in 1 2 3 4 5 6; do zfs snapshot $A/db@zsnap-2026010"$i"T000000Z; done'
  const left = 'zfs list -H -o name -t snapshot $A/db | sed "s/.*@zsnap-2026010//; s/T.*//"'

  test('destroys what goes in one call', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ${snapshots}
      zsnap prune -n --keep-last 2 $A/db | grep ^zfs
      zsnap prune --keep-last 2 $A/db
      zpool history -i $A | grep -c "zfs destroy"
      ${left}`)
    const names = [1, 2, 3, 4].map((day) => `zsnap-2026010${day}T000000Z`).join(',')
    expect(ended).toEqual({ status: 0, stdout: `zfs destroy pool-a/db@${names}\n1\n5\n6\n`, stderr: '' })
  })

  test('keeps what is held or cloned; a bookmark needs no snapshot', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ${snapshots}
      zfs hold mine $A/db@zsnap-20260101T000000Z
      zfs clone $A/db@zsnap-20260103T000000Z $A/clone
      zfs bookmark $A/db@zsnap-20260102T000000Z "$A/db#mark"
      zsnap prune --keep-last 1 $A/db
      ${left}
      zfs release mine $A/db@zsnap-20260101T000000Z`)
    expect(ended).toEqual({ status: 0, stdout: '1\n3\n6\n', stderr: '' })
  })

  test('destroys the others, if one is held meanwhile', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ${snapshots}
      mkdir bin; real=$(command -v zfs)
      cat >bin/zfs <<END
#!/bin/sh
[ "\\$1" != destroy ] || $real hold late $A/db@zsnap-20260102T000000Z 2>/dev/null
exec $real "\\$@"
END
      chmod +x bin/zfs
      PATH=$PWD/bin:$PATH ends 73 zsnap prune --keep-last 1 $A/db 2>said
      ${left}
      zfs release late $A/db@zsnap-20260102T000000Z
      cat said`)
    // 2.1 and 2.3.
    const told = /^2\n6\nzsnap: zfs: cannot destroy .*zsnap-20260102T000000Z.*(busy|being held.*)\n$/
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(told), stderr: '' })
  })
})

const three = `zfs create "$A/a b"
  for day in mon tue wed; do head -c 300000 /dev/urandom >"a/a b/day"; zpool sync; zfs snapshot "$A/a b@$day"; done`
const left = 'zsnap list -H "$A/a b" | cut -f 1 | sed "s/.*@//" | tr "\\n" " "; echo'

describe('zsnap list', () => {
  test('tells what was written, and all as zfs does', async ({ zfs }) => {
    const ended = await zfs.script(`${three}; zfs hold mine "$A/a b@tue"
      zsnap list -H "$A/a b" >listed
      zfs list -Hp -t snapshot -o name,guid,createtxg,creation,used,refer,written,userrefs "$A/a b" |
        while IFS=$(printf '\\t') read -r name guid rest; do
          printf '%s\\t%016x\\t%s\\n' "$name" "$guid" "$rest"
        done | cmp - listed
      zsnap list "$A/a b" | wc -l
      cut -f 7 listed | awk '$1 < 300000 { few++ } END { print few + 0 }'
      zsnap list -r --match "*b@mon" $A | tail -1 | cut -d " " -f 1,2
      zfs release mine "$A/a b@tue"`)
    expect(ended).toEqual({ status: 0, stdout: '4\n0\npool-a/a b@mon\n', stderr: '' })
  })
})

describe('zsnap hold, release and bookmark', () => {
  test('do it to many, and again', async ({ zfs }) => {
    const ended = await zfs.script(`${three}
      ends 69 zsnap hold mine "$A/a b@none" "$A/a b@mon" "$A/a b@tue"
      zsnap hold mine "$A/a b@mon"
      zfs holds -H "$A/a b@mon" "$A/a b@tue" | cut -f 1,2
      zsnap release mine "$A/a b@mon" "$A/a b@tue"; zsnap release -v mine "$A/a b@mon"
      zsnap bookmark "$A/a b@mon" "$A/a b@tue"; zsnap bookmark -v "$A/a b@mon"; zsnap bookmark --as base "$A/a b@wed"
      ends 73 zsnap bookmark --as base "$A/a b@tue"
      zfs list -H -o name -t bookmark "$A/a b"`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: 'pool-a/a b@mon\tmine\npool-a/a b@tue\tmine\npool-a/a b#base\npool-a/a b#mon\npool-a/a b#tue\n',
    })
    expect(ended.stderr.split('\n')).toEqual([
      expect.stringMatching(/^zsnap: zfs: cannot hold.*none/),
      'zsnap: pool-a/a b@mon: is not held by mine',
      'zsnap: pool-a/a b@mon: has this bookmark already',
      'zsnap: pool-a/a b#base: there is one of another snapshot',
      '',
    ])
  })
})

describe('zsnap destroy', () => {
  test('says how many bytes it would free, as zfs does', async ({ zfs }) => {
    const ended = await zfs.script(`${three}
      zsnap destroy -n "$A/a b@mon" "$A/a b@tue" >plan
      bytes=$(zfs destroy -nvp "$A/a b@mon,tue" | sed -n "s/reclaim.//p")
      [ "$bytes" -gt 500000 ]; grep -q "^# would be freed: .* ($bytes bytes)$" plan
      sh -e plan; ${left}`)
    expect(ended).toEqual({ status: 0, stdout: 'wed \n', stderr: '' })
  })

  test('tells who holds; gives up the base of a backup if told so, and never another hold', async ({ zfs }) => {
    const ended = await zfs.script(`${three}
      zfs hold mine "$A/a b@mon"; zfs hold zpipes-12345678 "$A/a b@mon"; zfs hold zpipes-12345678 "$A/a b@tue"
      ends 73 zsnap destroy --yes "$A/a b@mon" "$A/a b@tue"
      ends 73 zsnap destroy --yes --force last-common "$A/a b@mon" "$A/a b@tue"; ${left}
      zsnap release mine "$A/a b@mon"; zsnap destroy --yes --force last-common "$A/a b@mon"; ${left}`)
    const held = ['zsnap: pool-a/a b@mon: is held by mine', 'zsnap: hint: zsnap release takes a hold back']
    const common = [
      'zsnap: pool-a/a b@tue: is what the next backup goes on from',
      'zsnap: hint: --force last-common gives it up: the next may have to be a full one',
    ]
    const stderr = [...held, ...common, ...held, ''].join('\n')
    expect(ended).toEqual({ status: 0, stdout: 'mon wed \nwed \n', stderr })
  })

  test('a bookmark is as good a base: its snapshot may go', async ({ zfs }) => {
    const ended = await zfs.script(`${three}; mkdir store; store=file://$PWD/store
      zsnap backup --protect bookmark --store $store "$A/a b"
      zsnap destroy --yes --store $store "$A/a b@wed"; ${left}
      zfs snapshot "$A/a b@thu"; zsnap backup --protect bookmark --store $store "$A/a b"
      zsnap verify --store $store "$A/a b"`)
    expect(ended).toEqual({ status: 0, stdout: 'mon tue \n', stderr: '' })
  })
})

describe('zsnap rollback', () => {
  test('says what was written, and what goes, bookmarks too', async ({ zfs }) => {
    const ended = await zfs.script(`${three}; zfs bookmark "$A/a b@wed" "$A/a b#mark"; zpool sync
      zsnap rollback -n "$A/a b@tue" >plan
      bytes=$(zfs get -Hp -o value written@tue "$A/a b"); [ "$bytes" -gt 300000 ]
      grep -q "^# written since pool-a/a b@tue: .* ($bytes bytes)$" plan; sed 1d plan | grep -v written
      zsnap rollback --yes "$A/a b@tue"; ${left}; zfs list -H -t bookmark "$A/a b"`)
    const stdout = "# pool-a/a b#mark\nzfs rollback -r 'pool-a/a b@tue'\nmon tue \n"
    expect(ended).toEqual({ status: 0, stdout, stderr: '' })
  })

  test('refuses to lose the bookmark that a backup goes on from', async ({ zfs }) => {
    const ended = await zfs.script(`${three}; zfs bookmark "$A/a b@wed" "$A/a b#zpipes-12345678-wed"
      ends 73 zsnap rollback --yes "$A/a b@tue"; ${left}
      zsnap rollback --yes --force last-common "$A/a b@tue"; ${left}`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'mon tue wed \nmon tue \n',
      stderr: expect.stringMatching(/^zsnap: pool-a\/a b#zpipes-12345678-wed: is what the next backup goes on from\n/),
    })
  })
})
