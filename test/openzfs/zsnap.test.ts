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
    const told = /^2\n6\nzsnap: zfs: cannot destroy .*zsnap-20260102T000000Z.*busy\n$/
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(told), stderr: '' })
  })
})
