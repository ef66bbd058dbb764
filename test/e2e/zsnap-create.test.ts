import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const made = 'zfs create $A/db; zfs create "$A/db/wal log"; zfs create $A/other'
const listed = 'zfs list -H -o name -t snapshot -s name | sed "s/^$A//"'
const name = String.raw`zsnap-\d{8}T\d{6}Z`

describe('zsnap create', () => {
  test('takes a snapshot, named by prefix and time in UTC, and prints its name', async ({ zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}
      TZ=Asia/Tokyo zsnap create $A/db
      date -u +%Y%m%dT%H%M
      ${listed}`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [printed = '', minute = '', snapshot] = stdout.split('\n')
    expect(printed).toMatch(new RegExp(`^pool-a/db@${name}$`))
    expect(`pool-a${snapshot}`).toBe(printed)
    const minutesApart = (Date.parse(extended(minute)) - Date.parse(extended(printed.slice(-16, -3)))) / 60_000
    expect(minutesApart).toBeGreaterThanOrEqual(0)
    expect(minutesApart).toBeLessThan(2)
  })

  test('with -r, all below at the same instant; each name once, though datasets overlap', async ({ zfs }) => {
    const { stdout } = await zfs.script(`${made}
      zsnap create -r --label "before upgrade" $A/db $A/db/wal\\ log $A/db >printed
      sort printed | sed "s/^$A//" | cmp - <(${listed})
      cat printed
      zfs get -H -o value createtxg $(head -1 printed | sed 's/ .*//') 2>/dev/null || true`)
    expect(stdout.split('\n').slice(0, 2).toSorted()).toEqual([
      expect.stringMatching(new RegExp(`^pool-a/db/wal log@${name}-before upgrade$`)),
      expect.stringMatching(new RegExp(`^pool-a/db@${name}-before upgrade$`)),
    ])
  })

  test("under a prefix with a colon that z3's settings name, and the other verbs know it", async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      export SNAPSHOT_PREFIX=zfs-auto-snap:daily ZPIPES_STORE="file://$PWD/store"
      mkdir store
      zsnap create $A/db >name; zfs snapshot $A/db@zfs-auto-snap:daily-2015-03-05-0625; zfs snapshot $A/db@other
      zsnap backup $A/db; ls store/$A
      zsnap status -q $A/db | grep -c 'ok:.* 2 backups, 0 broken'
      zsnap restore --to $B/copy $A/db@zfs-auto-snap:daily-2015-03-05-0625
      zsnap prune -n --match 'zfs-auto-snap:daily-*' --keep-last 1 $A/db | grep '^zfs destroy'
      zsnap prune --keep-last 1 $A/db
      zfs list -H -o name -t snapshot -r $A/db | cmp - <(cat name; echo $A/db@zfs-auto-snap:daily-2015-03-05-0625; echo $A/db@other)`)
    const taken = String.raw`zfs-auto-snap:daily-\d{8}T\d{6}Z`
    const stored = String.raw`db@zfs-auto-snap:daily-2015-03-05-0625\ndb@${taken}`
    expect(ended).toMatchObject({ status: 0 })
    expect(ended.stdout).toMatch(new RegExp(`^${stored}\\n1\\nzfs destroy pool-a/db@${taken}\\n$`))
  })

  test('of datasets that stdin names, and of several pools', async ({ zfs }) => {
    const ended = await zfs.script(
      `${made}; zfs create $B/db; printf "$A/db\\n\\n$B/db\\n" | zsnap create - | sed 's/@.*//'`,
    )
    expect(ended).toEqual({ status: 0, stdout: 'pool-a/db\npool-b/db\n', stderr: '' })
  })

  test('a second call in the same second waits for the next; so do many at once', async ({ zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}
      for i in 1 2 3 4; do zsnap create -r $A >>printed & done
      for job in $(jobs -p); do wait $job; done
      sort -u printed | wc -l
      ${listed} | grep -c ^@`)
    // Four snapshots of $A, $A/db, its log, and $A/other.
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '16\n4\n', stderr: '' })
  })

  test("prefix by setting, and z3's: the flag is stronger", async ({ zfs }) => {
    const { stdout } = await zfs.script(`${made}
      SNAPSHOT_PREFIX=z3s zsnap create $A/db
      ZPIPES_SNAPSHOT_PREFIX=ours SNAPSHOT_PREFIX=z3s zsnap create $A/db
      ZPIPES_SNAPSHOT_PREFIX=ours zsnap create --prefix flag $A/db`)
    expect(stdout.replaceAll(/-\d{8}T\d{6}Z/g, '')).toBe('pool-a/db@z3s\npool-a/db@ours\npool-a/db@flag\n')
  })

  test("zfsyncron's names and classes", async ({ zfs }) => {
    const { stdout } = await zfs.script(`${made}
      stamp() { date -u -d "$1" +%y%m%d-%H%M%S; }
      take() { zsnap create --format %y%m%d-%H%M%S --class $A/db | sed 's/.*_//'; }
      zfs snapshot $A/db@$(stamp yesterday)_M
      take
      zfs snapshot $A/other@$(stamp now)_M
      # Not on the stroke of the minute: the second is of the same one.
      [ $(date +%S) -lt 57 ] || sleep 4
      take; take`)
    expect(stdout).toMatch(/^D\n[MS]\nS\n$/)
  })

  test('--hold holds what was taken', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap create -r --hold keep --format x $A/db >/dev/null
      zfs get -H -o value userrefs $A/db@x "$A/db/wal log@x"
      ends 1 zfs destroy $A/db@x 2>/dev/null
      zsnap create --json --hold keep --format y $A/db`)
    const event = '{"schema":1,"snapshot":"pool-a/db@y","hold":"keep"}\n'
    expect(ended).toEqual({ status: 0, stdout: `1\n1\n${event}`, stderr: '' })
  })
})

describe('zsnap create that cannot', () => {
  test('hold what it has taken prints it, and ends with what zfs says', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ends 69 zsnap create --format x --hold .x $A/db; ${listed}`)
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-a/db@x\n/db@x\n' })
    expect(ended.stderr).toMatch(/^zsnap: zfs: tag may not start with '\.'\n/)
  })

  test('make a hold of a tag that is none takes nothing', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ends 64 zsnap create --hold "" $A/db
      ends 64 zsnap create --hold "a b" $A/db
      ${listed}`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toContain("zsnap: '' is no tag of a hold\nzsnap: hint: --hold takes a word")
  })

  test('print what it has taken still holds it', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ends 141 zsnap create --format x --hold keep $A/db > >(true)
      zfs get -H -o value userrefs $A/db@x`)
    expect(ended).toEqual({ status: 0, stdout: '1\n', stderr: '' })
  })

  test.for([
    ['a dataset that is not there', '$A/none', 69, "zsnap: zfs: cannot open 'pool-a/none': dataset does not exist\n"],
    ['a snapshot for a dataset', '$A/db@x', 64, "zsnap: 'pool-a/db@x' is not a dataset, but something of one\n"],
    ['a flag for a dataset', '-- -R', 64, "zsnap: '-R' is no name of a dataset\n"],
    ['no dataset on stdin', '- </dev/null', 64, 'zsnap: stdin names no dataset\n'],
    [
      'a name that is there and has no time',
      '--format there $A/db',
      73,
      "zsnap: zfs: cannot create snapshot 'pool-a/db@there': dataset already exists\n",
    ],
    [
      'several at one instant, which this zfs cannot',
      '$A/db $A/other',
      69,
      'zsnap: this zfs takes one snapshot at a time, and 2 are to be of one instant\n',
    ],
    [
      'what was written, which this zfs does not tell',
      '--if-changed $A/db',
      69,
      'zsnap: this zfs does not tell what was written since a snapshot\n',
    ],
  ] as const)('%s', async ([, words, status, message], { zfs }) => {
    const ended = await zfs.script(`${made}; zfs snapshot $A/db@there; ends ${status} zsnap create ${words}; ${listed}`)
    expect(ended).toMatchObject({ status: 0, stdout: '/db@there\n' })
    expect(ended.stderr.startsWith(message), ended.stderr).toBe(true)
  })

  test('in one pool takes those of the others, and ends with its failure', async ({ zfs }) => {
    const ended = await zfs.script(`zfs create $B/db; ends 69 zsnap create --format x $A/none $B/db`)
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-b/db@x\n', stderr: expect.stringContaining('pool-a/none') })
  })

  test('in two pools ends with the worse of two failures, and tells both', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; zfs snapshot $A/db@x; ends 73 zsnap create --format x $A/db $B/none`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr.split('\n').filter((line) => /pool-a\/db@x|pool-b\/none/.test(line))).toHaveLength(2)
  })
})

describe('the commands before and after', () => {
  const hooks = (before: string, after: string) => `--before '${before}' --after '${after}'`

  test('stand around the snapshot, and print to stderr', async ({ zfs }) => {
    const frozen = 'zfs list -H -o name -t snapshot | wc -l'
    const ended = await zfs.script(`${made}; zsnap create --format x ${hooks(frozen, frozen)} $A/db`)
    expect(ended).toEqual({ status: 0, stdout: 'pool-a/db@x\n', stderr: '0\n1\n' })
  })

  test('if the one before fails, no snapshot is taken, its status is told, and the one after runs', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ends 69 zsnap create ${hooks('exit 3', 'echo thawed')} $A/db; ${listed}`)
    const told = "thawed\nzsnap: the command before, 'exit 3', ended with status 3\n"
    expect(ended).toMatchObject({ status: 0, stdout: '', stderr: told })
  })

  test('the one after runs though the snapshot failed', async ({ zfs }) => {
    const ended = await zfs.script(`ends 69 zsnap create ${hooks('echo frozen', 'echo thawed')} $A/none`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(/^frozen\nthawed\nzsnap: zfs: .*none/),
    })
  })

  test('if the one after fails, the snapshot is there and printed, and the status tells', async ({ zfs }) => {
    const ended = await zfs.script(`${made}; ends 69 zsnap create --format x ${hooks('true', 'kill -9 $$')} $A/db`)
    const told = "zsnap: the command after, 'kill -9 $$', was killed by SIGKILL\n"
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-a/db@x\n', stderr: told })
  })

  test('both failures are told', async ({ zfs }) => {
    const ended = await zfs.script(`ends 69 zsnap create ${hooks('exit 3', 'exit 4')} $A`)
    expect(ended.stderr).toBe(
      "zsnap: the command after, 'exit 4', ended with status 4\nzsnap: the command before, 'exit 3', ended with status 3\n",
    )
  })

  test.for(['TERM', 'INT', 'HUP'])('a %s while frozen still thaws, and takes no snapshot', async (signal, { zfs }) => {
    const ended = await zfs.script(`${made}
      # bash lets no job of a script hear INT.
      perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' zsnap create ${hooks('echo >frozen; sleep 60; echo frozen late', 'echo thawed')} $A/db & job=$!
      until [ -e frozen ]; do sleep 0.02; done
      kill -${signal} $job
      ends $((128 + $(kill -l ${signal}))) wait $job
      ${listed}`)
    // bash says when its job has died of a HUP.
    expect(ended).toEqual({ status: 0, stdout: '', stderr: expect.stringMatching(/^thawed\n([^\n]*Hangup[^\n]*\n)?$/) })
  })
})

describe('zsnap create --dry-run', () => {
  test('takes nothing, and what it prints does the same in a shell', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      zsnap create -nr --format "a b" --hold keep --before "echo 'freeze'" --after "echo thaw" $A/db >commands
      ${listed}
      cat commands
      sh -e commands
      ${listed}
      zfs get -H -o value userrefs "$A/db@a b"`)
    expect(status).toBe(0)
    expect(stdout.split('\n')).toEqual([
      `trap 'sh -c '\\''echo thaw'\\'' >&2' EXIT`,
      `sh -c 'echo '\\''freeze'\\''' >&2`,
      `zfs snapshot -r 'pool-a/db@a b'`,
      `zfs hold -r keep 'pool-a/db@a b'`,
      '/db/wal log@a b',
      '/db@a b',
      '1',
      '',
    ])
  })
})

/** `20261121T0532` as Date.parse wants it. */
function extended(minute: string): string {
  return minute.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5Z')
}
