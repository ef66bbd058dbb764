import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const make = `
  zfs create $A/data; zfs create $A/data/c; zfs create $A/data/c/d; zfs create $A/data/e
  fill a/data/c/1 100000; fill a/data/c/d/1 100000; zfs snapshot -r $A/data@s1
`
const send = (receiver = '', words = '-q --no-bookmark') =>
  `zfsync-send ${words} --via "zfsync-recv ${receiver} $B/copy" $A/data`
const more = 'fill a/data/c/2 100000; zfs snapshot -r $A/data@s2'
const names = 'zfs list -H -o name -r $B | sed -E "s/[0-9]{8}T[0-9]{6}Z/DATE/g"'
const snapshots = 'zfs list -H -o name -t snapshot -r $B | sed -E "s/[0-9]{8}T[0-9]{6}Z/DATE/g"'
/** The same files in a dataset of either pool, the replica's mounted for it. */
const same = (path: string) => `
  zfs list -H -o name -r $B/copy | while read -r each; do zfs mount "$each" 2>/dev/null || true; done
  same a/data/${path} b/copy/${path}
  zfs list -H -o name -r $B/copy | tac | while read -r each; do zfs unmount "$each" 2>/dev/null || true; done`

/** The receiver's c is another than the sender's, and holds a file of its own. */
const diverge = `
  ${send()}
  unhold $B/copy/c; destroy -r $B/copy/c; zfs create -o readonly=off $B/copy/c; echo mine >b/copy/c/own; zfs snapshot $B/copy/c@other
  zfs create -o canmount=noauto $B/copy/c/local
  ${more}
`

describe('--on-diverged', () => {
  test('refuse, by default: 73 with the ways out, and nothing is touched', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${diverge} ends 73 ${send()}; ${names}; cat b/copy/c/own`)
    expect(ended.status, ended.stderr).toBe(0)
    expect(ended.stderr).toBe(
      `zfsync-send: pool-b/copy/c: the receiver's newest snapshot, @other, and all before it are not of pool-a/data/c
zfsync-send: hint: zfsync-recv --on-diverged=rename sets the old one aside and receives it anew; --on-diverged=replace destroys the old one afterwards
`,
    )
    expect(ended.stdout).toBe(
      'pool-b\npool-b/copy\npool-b/copy/c\npool-b/copy/c/d\npool-b/copy/c/local\npool-b/copy/e\nmine\n',
    )
  })

  test('rename: the old one is set aside with its data, what is below keeps its place', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${diverge}
      ${send('--on-diverged rename', '--no-bookmark')} | grep -o 'the old one.*' | sed -E 's/[0-9]{8}T[0-9]{6}Z/DATE/'
      ${names}; ${same('c')}; ${same('c/d')}
      zfs mount $(zfs list -H -o name -r $B | grep diverged) 2>/dev/null || true; cat b/copy/c.diverged-*/own
      # It is let alone from now on.
      zfs snapshot -r $A/data@s3; ${send()}; ${names} | wc -l`)
    expect(ended).toEqual({
      status: 0,
      stdout: `the old one is now pool-b/copy/c.diverged-DATE
pool-b
pool-b/copy
pool-b/copy/c
pool-b/copy/c.diverged-DATE
pool-b/copy/c/d
pool-b/copy/c/local
pool-b/copy/e
mine
7
`,
      stderr: '',
    })
  })

  test('replace: what zfsync received is destroyed afterwards, what it did not is kept aside', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${send()}
      # A newer snapshot of its own, and one without any.
      zfs snapshot $B/copy/c@own
      unhold $B/copy/e; destroy -r $B/copy/e; zfs create -o readonly=off $B/copy/e; echo data >b/copy/e/data
      ${more}
      ${send('--on-diverged replace', '--no-bookmark')} | grep -o 'the old one is [a-z]*.*' | sed -E 's/[0-9]{8}T[0-9]{6}Z/DATE/'
      ${snapshots}; ${same('c')}; ${names} | grep diverged
      zfs mount $(zfs list -H -o name -r $B | grep diverged); cat b/copy/e.diverged-*/data`)
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    expect(ended.stdout.replace(/\d{8}T\d{6}Z/g, 'DATE')).toBe(
      `the old one is destroyed
the old one is kept: pool-b/copy/e.diverged-DATE: zfsync has not received it
pool-b/copy@s1
pool-b/copy@s2
pool-b/copy/c@s1
pool-b/copy/c@s2
pool-b/copy/c/d@s1
pool-b/copy/c/d@s2
pool-b/copy/e@s1
pool-b/copy/e@s2
pool-b/copy/e.diverged-DATE
data
`,
    )
  })

  test('nothing makes room before the whole has come; what has come is gone on with', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${diverge}
      head -c 4000000 /dev/urandom >a/data/c/large; zfs snapshot -r $A/data@s3
      ${send('--on-diverged rename', '-q --no-bookmark --bwlimit 2M')} 2>/dev/null & sender=$!
      until zfs list -H -o name -r -t snapshot $B | grep -q 'zfsyncbuffer/2F63@s2'; do sleep 0.05; done
      kill -9 $sender; wait $sender 2>/dev/null || true
      while pgrep -f '^zfs receive' >/dev/null; do sleep 0.1; done
      cat b/copy/c/own; zfs list -H -o name -t snapshot -d 1 $B/copy/c
      # What was cut off may still be ending.
      for try in $(seq 20); do ${send('--on-diverged rename', '-v --no-bookmark')} >said 2>&1 && break; sleep 0.5; done
      grep -c 'data/c@s1: in full' said || true
      ${same('c')}; ${names}`)
    expect(ended).toEqual({
      status: 0,
      stdout: `mine
pool-b/copy/c@other
0
pool-b
pool-b/copy
pool-b/copy/c
pool-b/copy/c.diverged-DATE
pool-b/copy/c/d
pool-b/copy/c/local
pool-b/copy/e
`,
      stderr: '',
    })
  })

  test('rollback: what is newer than the last common snapshot goes, also what was only written', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${send()}
      for each in copy copy/c copy/c/d; do zfs mount $B/$each; done
      for each in c c/d; do zfs set readonly=off $B/copy/$each; done
      for each in c/d c; do zfs unmount $B/copy/$each; done
      for each in c c/d; do zfs mount $B/copy/$each; echo own >b/copy/$each/own; done
      zfs snapshot $B/copy/c@own
      for each in copy/c/d copy/c copy; do zfs unmount $B/$each 2>/dev/null || true; done
      fill a/data/c/d/2 1000; ${more}
      ends 73 ${send()} 2>/dev/null
      ${send('--on-diverged rollback')}; ${same('c')}; ${snapshots}
      # Where there is no common one, nothing is done.
      unhold $B/copy/e; destroy -r $B/copy/e; zfs create $B/copy/e; zfs snapshot $B/copy/e@other
      ends 73 ${send('--on-diverged rollback')} 2>/dev/null`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).not.toContain('@own')
    expect(ended.stdout.split('\n').filter((line) => line.endsWith('@s2')).length).toBe(4)
  })

  test('P5: rollback: what is older than the last common snapshot stays, and what is below', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${more}; ${send()}; destroy -r $A/data@s1; zfs create $B/copy/c/local
      zfs snapshot -r $A/data@s3; zfs snapshot -r $A/data@s4
      ${send('--on-diverged rollback', '-q -p --no-bookmark')}; ${snapshots} | grep /c@; ${names} | grep local`)
    const kept = ['s1', 's2', 's3', 's4'].map((name) => `pool-b/copy/c@${name}\n`).join('')
    expect(ended).toEqual({ status: 0, stdout: `${kept}pool-b/copy/c/local\n`, stderr: '' })
  })

  test('the root itself, and parent and child at once', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      for each in copy copy/c copy/other; do zfs create -o canmount=noauto $B/$each; done
      zfs snapshot $B/copy@x; zfs snapshot $B/copy/c@x
      ${send('--on-diverged rename')}; ${names}; ${same('c')}
      ${send('', '--no-bookmark')} | sed 's/(.*)//'`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: `pool-b
pool-b/copy
pool-b/copy.diverged-DATE
pool-b/copy.diverged-DATE/c.diverged-DATE
pool-b/copy/c
pool-b/copy/c/d
pool-b/copy/e
pool-b/copy/other
DATASET            FROM  TO  SENT  SECONDS  RESULT
pool-a/data/other  -     -      -      0.0  gone; kept
pool-a/data to pool-b/copy: 0 brought up to date , 4 unchanged, 0 failed, 1 gone from the source
`,
      stderr: '',
    })
  })

  test('is the receiver alone to decide, whatever a file of streams says', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${diverge}
      zfsync-recv --inventory --on-diverged rename $B/copy >have; zfsync-send --have have $A/data >streams
      ends 77 zfsync-recv $B/copy <streams 2>&1 | sed -n 1p; cat b/copy/c/own
      zfsync-recv --on-diverged rename $B/copy <streams; ${same('c')}; ${names}
      # Read again it does no harm.
      zfsync-recv --on-diverged rename $B/copy <streams; ${names} | wc -l`)
    expect(ended.stderr).toBe('')
    expect(ended.stdout).toMatch(/^zfsync-recv: the receiver replaces nothing\nmine\n/)
    expect(ended.stdout).toMatch(/copy\/c.diverged-DATE\n(.*\n){3}7\n$/)
  })
})

const gone = `${make} zfs create $A/data/c/f; zfs snapshot $A/data/c/f@s1; ${send()}
  destroy -r $A/data/c; zfs snapshot -r $A/data@s2`
const lists = 'zfs list -H -o name -t snapshot -r'
const results = `grep -o 'data/.*' | sed -E 's/ +- +- +- +0.0 +/ /; s/[0-9]{8}T[0-9]{6}Z/DATE/' | grep 'gone;'`

describe('--gone', () => {
  test('keep and report touch nothing; report says so', async ({ zfs }) => {
    const ended = await zfs.script(`${gone}
      ${send('--gone keep', '--no-bookmark')} | grep -c gone || true
      ${send('', '-n --no-bookmark')}
      ${send('', '--no-bookmark')} | ${results}; ${names}`)
    expect(ended).toEqual({
      status: 0,
      stdout: `0
pool-a/data/c: gone from the source: report
pool-a/data/c/d: gone from the source: report
pool-a/data/c/f: gone from the source: report
data/c gone; kept
data/c/d gone; kept
data/c/f gone; kept
pool-b
pool-b/copy
pool-b/copy/c
pool-b/copy/c/d
pool-b/copy/c/f
pool-b/copy/e
`,
      stderr: '',
    })
  })

  test('rename sets aside what was received, once', async ({ zfs }) => {
    const ended = await zfs.script(`${gone}
      ${send('--gone rename', '--no-bookmark')} | ${results}; ${names}
      ${send('--gone rename', '--no-bookmark')} | grep -c gone || true`)
    expect(ended).toEqual({
      status: 0,
      stdout: `data/c gone; is now pool-b/copy/c.gone-DATE
pool-b
pool-b/copy
pool-b/copy/c.gone-DATE
pool-b/copy/c.gone-DATE/d
pool-b/copy/c.gone-DATE/f
pool-b/copy/e
0
`,
      stderr: '',
    })
  })

  test('destroy: of what somebody has cloned, every snapshot is kept', async ({ zfs }) => {
    const ended =
      await zfs.script(`${make} ${more}; zfs snapshot -r $A/data@s3; ${send()}; zfs clone $B/copy/c/d@s2 $B/mine
      destroy -r $A/data/c; zfs snapshot -r $A/data@s4
      ${send('--gone destroy', '--no-bookmark')} | ${results}; ${lists} $B/copy/c/d
      destroy $B/mine; ${send('--gone destroy', '--no-bookmark')} | ${results}`)
    expect(ended).toEqual({
      status: 0,
      stdout: `data/c/d gone; kept: pool-b/copy/c/d@s2 is the origin of pool-b/mine
data/c gone; kept: pool-b/copy/c: there are datasets below it, such as pool-b/copy/c/d
pool-b/copy/c/d@s1
pool-b/copy/c/d@s2
pool-b/copy/c/d@s3
data/c/d gone; destroyed
data/c gone; destroyed
`,
      stderr: '',
    })
  })

  test('destroy: what zfsync received and nobody holds, and no more; never while others fail', async ({ zfs }) => {
    const ended = await zfs.script(`${gone}
      zfs create $B/copy/mine; zfs create $B/copy/c/f/mine; zfs hold keep $B/copy/c/d@s1; zfs create $B/other
      zfs snapshot $B/copy/e@own; ends 73 ${send('--gone destroy', '--no-bookmark')} 2>/dev/null | ${results}
      destroy $B/copy/e@own; zfs snapshot -r $A/data@s3
      ${send('--gone destroy', '--no-bookmark')} | ${results}; ${names}
      zfs release keep $B/copy/c/d@s1; destroy $B/copy/c/f/mine
      ${send('--gone destroy', '--no-bookmark')} | ${results}; ${names}`)
    const kept = ['/c', '/c/d', '/c/f', '/c/f/mine', '/mine']
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    expect(ended.stdout).toBe(
      `${kept.map((path) => `data${path} gone; kept, because others failed\n`).join('')}data/mine gone; kept: pool-b/copy/mine: zfsync has not received it
data/c/f/mine gone; kept: pool-b/copy/c/f/mine: zfsync has not received it
data/c/f gone; kept: pool-b/copy/c/f: there are datasets below it, such as pool-b/copy/c/f/mine
data/c/d gone; kept: pool-b/copy/c/d@s1 is held
data/c gone; kept: pool-b/copy/c: there are datasets below it, such as pool-b/copy/c/d
pool-b
pool-b/copy
pool-b/copy/c
pool-b/copy/c/d
pool-b/copy/c/f
pool-b/copy/c/f/mine
pool-b/copy/e
pool-b/copy/mine
pool-b/other
data/mine gone; kept: pool-b/copy/mine: zfsync has not received it
data/c/f gone; destroyed
data/c/d gone; destroyed
data/c gone; destroyed
pool-b
pool-b/copy
pool-b/copy/e
pool-b/copy/mine
pool-b/other
`,
    )
  })
})
