import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const make = `
  zfs create "$A/data set"; zfs create "$A/data set/c d"; zfs create "$A/data set/c d/deep"; zfs create "$A/data set/e"
  fill "a/data set/1" 300000; fill "a/data set/c d/1" 200000
  zfs snapshot -r "$A/data set@s1"
  fill "a/data set/c d/2" 200000
  zfs snapshot -r "$A/data set@s 2"; zfs snapshot -r "$A/data set@s3"
`
const push = (words = '') => `zfsync-send ${words} --via "zfsync-recv $B/copy" "$A/data set"`
const guidsOf = (root: string) =>
  `zfs get -Hp -r -o name,value guid ${root} | grep @ | sed "s#^[^/]*/[^/@]*##" | LC_ALL=C sort`
/** The same snapshots, and what is in them. A replica is not mounted, but may be. */
const identical = (root = '$B/copy') => `
  diff <(${guidsOf('"$A/data set"')}) <(${guidsOf(root)})
  zfs list -H -o name -r ${root} | while read -r each; do zfs mount "$each"; done
  same "a/data set" "b/$(basename ${root})"
  zfs list -H -o name -r ${root} | tac | while read -r each; do zfs unmount "$each"; done`
const more = `fill "a/data set/c d/more" 100000; zfs snapshot -r "$A/data set@s4"`
const silence = { status: 0, stdout: '', stderr: '' }

describe('zfsync-send --via', () => {
  test('brings a tree over, then what is new, then nothing', async ({ zfs }) => {
    const ended = await zfs.script(
      `${make} ${push()}; ${identical()}; ${more}; ${push('-j 3')}; ${identical()}; ${push()}`,
    )
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const lines = ended.stdout.split('\n')
    expect(lines[0]).toMatch(/^DATASET +FROM +TO +SENT +SECONDS +RESULT$/)
    expect(lines[1]).toMatch(/^pool-a\/data set +- +@s3 +[\d.]+ .iB +\d+\.\d +updated$/)
    expect(lines.filter((line) => /^pool-a\/data set\/c d +@s3 +@s4 +.*updated$/.test(line)).length).toBe(1)
    const [first, second, third] = lines.filter((line) => line.includes(' to pool-b'))
    expect(first).toMatch(
      /^pool-a\/data set to pool-b\/copy: 4 brought up to date \(8 streams, [\d.]+ MiB in \d+s\), 0 unchanged/,
    )
    expect(second).toMatch(/4 brought up to date \(4 streams, .*, 0 unchanged, 0 failed$/)
    expect(third).toMatch(/0 brought up to date \(0 streams, 0 B in \d+s\), 4 unchanged, 0 failed$/)
  })

  test('-q is silent; a replica is readonly and not mounted; --json tells each step', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-q')}
      zfs get -H -o value readonly,canmount,mounted "$B/copy/c d" | paste -s
      ${more}; ${push('--json')}`)
    const [properties, ...events] = ended.stdout.trim().split('\n')
    expect(properties).toBe('on\tnoauto\tno')
    const parsed = events.map((event) => JSON.parse(event))
    expect(parsed[0]).toMatchObject({ dataset: 'pool-a/data set', step: 'increment', to: 's4' })
    expect(parsed.at(-1)).toMatchObject({ brought: 4, unchanged: 0, failed: 0, streams: 4 })
  })

  test('--dry-run tells, and sends nothing', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-n')}; ends 1 zfs list $B/copy 2>/dev/null`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout.split('\n').slice(0, 2)).toEqual([
      'pool-a/data set@s1: in full',
      'pool-a/data set@s3: increment from @s1',
    ])
  })

  test('only the newest, without all snapshots', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-q --no-all-snapshots')}
      zfs list -H -r -t snapshot -o name $B/copy`)
    expect(ended.stdout).toBe(['', '/c d', '/c d/deep', '/e'].map((path) => `pool-b/copy${path}@s3\n`).join(''))
  })

  test('renames what was renamed on the source, and keeps what is gone', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-q --no-bookmark')}
      # zfs-fuse is not through with them at once; mounted, each try would be as early as the first.
      zfs unmount "$A/data set/c d/deep"; zfs unmount "$A/data set/c d"
      for try in $(seq 50); do zfs rename "$A/data set/c d" "$A/data set/new" 2>/dev/null && break; sleep 0.1; done
      destroy -r "$A/data set/e"
      zfs snapshot -r "$A/data set@s4"
      ${push('-v')} 2>&1
      zfs list -H -o name -r $B/copy`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^pool-a\/data set\/e +- +- +- +0\.0 +gone; kept$/m)
    expect(ended.stdout).toMatch(/^pool-a\/data set\/new +@s3 +@s4 .* updated; was \/c d there$/m)
    expect(ended.stdout).toMatch(/ 0 failed, 1 gone from the source$/m)
    expect(ended.stdout).toContain('zfsync-send: pool-a/data set/new: renamed, was /c d on the receiver')
    expect(ended.stdout).toMatch(/pool-b\/copy\npool-b\/copy\/e\npool-b\/copy\/new\npool-b\/copy\/new\/deep\n$/)
  })

  test('touches no dataset that is not as it was: 73, and the others are brought up to date', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-q')}
      zfs snapshot "$B/copy/c d@own"
      unhold $B/copy/e; destroy -r $B/copy/e; zfs create $B/copy/e; zfs snapshot $B/copy/e@other
      ${more}
      ends 73 ${push('-q')}
      zfs list -H -r -t snapshot -o name $B/copy`)
    expect(ended.status).toBe(0)
    expect(ended.stderr).toBe(
      [
        'zfsync-send: pool-b/copy/c d: the receiver has @own, which pool-a/data set/c d has not',
        'zfsync-send: hint: zfsync-recv --on-diverged=rollback destroys what is newer there than the last common snapshot; zfsync-recv --on-diverged=rename sets the old one aside and receives it anew',
        "zfsync-send: pool-b/copy/e: the receiver's newest snapshot, @other, and all before it are not of pool-a/data set/e",
        'zfsync-send: hint: zfsync-recv --on-diverged=rename sets the old one aside and receives it anew; --on-diverged=replace destroys the old one afterwards\n',
      ].join('\n'),
    )
    expect(ended.stdout).toContain('pool-b/copy@s4\n')
    expect(ended.stdout).toContain('pool-b/copy/c d@own\n')
    expect(ended.stdout).toContain('pool-b/copy/c d/deep@s4\n')
    expect(ended.stdout).not.toContain('pool-b/copy/e@s')
  })

  test('--dry-run changes nothing there, and tells the plan for when what waits in the buffer is in its place', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`
      ${make} ${push('-q')}
      zfs create -o canmount=off $B/copy.zfsyncbuffer; zfs rename "$B/copy/c d" $B/copy.zfsyncbuffer/2F632064
      zfs hold zfsync "$B/copy/e@s 2"; zfs inherit zfsync:replica $B/copy
      zfs snapshot -r "$A/data set@s4"
      state() { zfs get -H -r -o name,property,value userrefs,zfsync:replica,guid $A $B; }
      state >before
      ${push('--dry-run')}
      state | diff before - >&2
      ${push('-q')}
      zfs list -H -o name -r $B`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [plan, names] = [ended.stdout.split('\n').slice(0, 4), ended.stdout.split('\n').slice(4)]
    expect(plan.map((line) => line.replace(/, about .*/, ''))).toEqual(
      ['', '/c d', '/c d/deep', '/e'].map((path) => `pool-a/data set${path}@s4: increment from @s3`),
    )
    expect(names).toEqual(['pool-b', 'pool-b/copy', 'pool-b/copy/c d', 'pool-b/copy/c d/deep', 'pool-b/copy/e', ''])
  })

  test('a dataset without a snapshot is told, and what is below waits in the buffer until it comes', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`
      zfs create $A/x; zfs create $A/x/y; zfs create $A/x/y/z; zfs snapshot $A/x@1; zfs snapshot $A/x/y/z@1
      ends 69 zfsync-send -q --via "zfsync-recv $B/copy" $A/x
      zfs list -H -o name -r -t snapshot $B
      zfs snapshot $A/x/y@2; zfs snapshot $A/x/y/z@2
      zfsync-send -q --via "zfsync-recv $B/copy" $A/x
      zfs list -H -o name -r -t snapshot $B; zfs list -H -o name -r $B`)
    const waiting = `${Buffer.from('/y/z').toString('hex').toUpperCase()}`
    expect(ended).toMatchObject({
      status: 0,
      stdout: `pool-b/copy@1
pool-b/copy.zfsyncbuffer/${waiting}@1
pool-b/copy@1
pool-b/copy/y@2
pool-b/copy/y/z@1
pool-b/copy/y/z@2
pool-b
pool-b/copy
pool-b/copy/y
pool-b/copy/y/z
`,
    })
    expect(ended.stderr).toMatch(
      /^zfsync-send: pool-a\/x\/y: has no snapshot to send\n.*hint.*\n.*y\/z: has come, and waits in .*: pool-b\/copy\/y is not there\n$/s,
    )
  })

  test('what waits, and is not needed any more, goes; or it is told what removes it', async ({ zfs }) => {
    const ended = await zfs.script(`
      push() { zfsync-send -q --via "zfsync-recv '$B/a copy'" $A/x; }
      wait_there() {
        zfs create -o canmount=off "$B/a copy.zfsyncbuffer"
        zfs send $A/x@1 | zfs receive -u "$B/a copy.zfsyncbuffer/root"
        zfs set zfsync:received=on "$B/a copy.zfsyncbuffer/root"
        zfs hold zfsync "$B/a copy.zfsyncbuffer/root@1"
      }
      zfs create "$A/x"; zfs snapshot "$A/x@1"; zfs snapshot "$A/x@2"; push
      wait_there; push; zfs list -H -o name -r $B
      wait_there; destroy "$A/x@1"; ends 73 push 2>said; cat said
      zfs release zfsync "$B/a copy.zfsyncbuffer/root@1"
      eval "$(sed -n "s/.*: \\(zfs destroy .*\\), when .*/\\1/p" said)"; push; zfs list -H -o name -r $B`)
    const told = `zfsync-send: pool-b/a copy: has come, and waits in pool-b/a copy.zfsyncbuffer: there is another in its place
zfsync-send: hint: if that is the right one: zfs destroy -r 'pool-b/a copy.zfsyncbuffer/root', when its holds are released
`
    const names = 'pool-b\npool-b/a copy\n'
    expect(ended).toEqual({ status: 0, stdout: `${names}${told}${names}`, stderr: '' })
  })

  test('a tree of replicas is sent on without what waits, or was set aside, beside one of them', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/x; zfs create $A/x/y; zfs create $A/x/y/z; zfs snapshot $A/x@1; zfs snapshot $A/x/y/z@1
      zfs create $B/all; zfs create $B/all/old.gone-20261121T093000Z; zfs snapshot $B/all@1
      ends 69 zfsync-send -q --via "zfsync-recv $B/all/x" $A/x 2>/dev/null
      zfs list -H -o name -r $B/all/x.zfsyncbuffer | wc -l
      zfsync-send -q --via "zfsync-recv $A/third" $B/all
      zfs list -H -o name -r $A/third`)
    expect(ended).toEqual({ status: 0, stdout: '2\npool-a/third\npool-a/third/x\n', stderr: '' })
  })

  test('a name that comes again is refused with the way out, by which all goes on', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/x; for day in mon tue; do zfs snapshot $A/x@$day; done
      zfsync-send -q --via "zfsync-recv $B/copy" $A/x
      zfs destroy $A/x@mon; zfs snapshot $A/x@mon
      ends 73 zfsync-send -q --via "zfsync-recv $B/copy" $A/x 2>told
      grep -o 'hint: another snapshot.*' told
      zfs rename $B/copy@mon @mon-old
      zfsync-send -q --via "zfsync-recv $B/copy" $A/x
      zfs list -H -o name -t snapshot -r $B`)
    const hint =
      'hint: another snapshot has this name there: zfs rename gives it one of its own, and the same command goes on'
    const names = ['mon-old', 'tue', 'mon'].map((name) => `pool-b/copy@${name}\n`).join('')
    expect(ended).toEqual({ status: 0, stdout: `${hint}\n${names}`, stderr: '' })
  })

  test.for([
    ['echo hello', 76, 'the other side is no zfsync: it begins with "hello'],
    ['true', 75, 'the other side ended before the work was done'],
    ['exit 3', 69, "'exit 3' ended with status 3"],
    ["printf 'zfsync 9\\\\n'", 76, 'the other side speaks "zfsync 9'],
  ] as const)('%s is no receiver: %d', async ([command, status, message], { zfs }) => {
    const ended = await zfs.script(
      `zfs create $A/x; zfs snapshot $A/x@1; ends ${status} zfsync-send --via "${command}" $A/x`,
    )
    expect(ended.status, ended.stderr).toBe(0)
    expect(ended.stderr).toContain(message)
  })

  test('a snapshot destroyed between plan and send: the others go on, and the next run completes', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      mkdir bin; real=$(command -v zfs)
      cat >bin/zfs <<END
#!/bin/sh
case "\\$1 \\$2 \\$3" in "send $A/data set/e@s1 ") $real destroy "$A/data set/e@s1";; esac
exec $real "\\$@"
END
      chmod +x bin/zfs
      ends 69 env PATH="$PWD/bin:$PATH" ${push('-q --no-bookmark')}
      ${push('-q')}; ${identical()}`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/^zfsync-send: zfs ended with status 1: .*@s1.*\n$/)
  })

  test('a full pool of the receiver: 74, what was received stays, and the next run completes', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${push('-q')}
      head -c 60000000 /dev/urandom >"a/data set/e/large"; ${more}
      zfs create -o reservation=420M $B/full
      ends 74 ${push('-q')} 2>said
      grep -q 'out of space' said
      destroy $B/full
      ${push('-q')}; ${identical()}`)
    expect(ended).toEqual(silence)
  })
})
