import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3 4; do
    fill "a/data set/$number" 300000
    zfs snapshot "$A/data set@s$number"
  done
`
const stored = `${make} zsnap backup "$A/data set"`
const names = '-H -t snapshot -o name -r'
// A dataset is received without being mounted; one of zfs-fuse is busy for a moment after it.
const compare = 'zfs mount $B/copy; same "a/data set" b/copy'

describe('zsnap restore', () => {
  test('brings a whole pool back: every snapshot, every file', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      sums "a/data set" >before
      for try in $(seq 50); do zpool destroy $A 2>/dev/null && break; sleep 0.1; done
      truncate -s 512M new.pool
      zpool create -o cachefile=none -m "$PWD/a" $A "$PWD/new.pool" 2>/dev/null
      zsnap restore -q "$A/data set@s4"
      zfs mount "$A/data set"
      sums "a/data set" | diff before -
      zfs list ${names} $A`)
    const all = [1, 2, 3, 4].map((number) => `pool-a/data set@s${number}\n`).join('')
    expect(ended).toEqual({ ...silence, stdout: all })
  })

  test('to another pool, saying first what it fetches; then there is nothing to do', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zsnap restore --to $B/copy "$A/data set@s4"
      zsnap restore --to $B/copy "$A/data set@s4"
      zsnap restore --to $B/copy "$A/data set@s2"
      ${compare}`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/^zsnap: pool-a\/data set@s4 to pool-b\/copy: 4 objects, [\d.]+ MiB\n$/)
  })

  test('says that a mount point came with the stream, beside the dataset alone', async ({ zfs }) => {
    const ended = await zfs.script(`mkdir store; export ZPIPES_STORE="file://$PWD/store"
      zfs create $A/home; zfs set mountpoint=$PWD/live $A/home; zfs snapshot $A/home@s1
      zsnap backup --send-flags=-p $A/home
      zsnap restore -q --to $B/copy $A/home@s1
      zsnap restore --to $B/other -x mountpoint -o atime=off --dry-run $A/home@s1 | sed 's/.* | //'`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: 'zfs receive -u -o atime=off -x mountpoint pool-b/other\n',
    })
    expect(ended.stderr).toMatch(
      /^zsnap: pool-b\/copy: its mountpoint came with the stream: \S+\/live\nzsnap: hint: .*-x mountpoint.*\n$/,
    )
  })

  test('status, drill and restore go on from a parent in another dataset, known by its guid', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      put() { pput -q --metadata "parent=$A/data set@s1" "file://$PWD/store/$1"; }
      zsnap backup --snapshot s1 "$A/data set"
      zfs send -i @s1 "$A/data set@s2" | put "$A/renamed@s2"
      zfs send -i @s3 "$A/data set@s4" | put "$A/renamed@s4"
      ends 1 zsnap status $A/renamed | cut -d '|' -f 1-4 | grep ^s
      zsnap restore -q --to $B/copy "$A/renamed@s2"; zfs list ${names} $B/copy
      zsnap verify -q --drill $B/drill "$A/renamed@s2"
      ends 65 zsnap restore -q --to $B/other "$A/renamed@s4" 2>&1 | sed -n 1p
      ends 65 zsnap verify -q --drill $B/drill "$A/renamed@s4" 2>&1 | sed -n 1p`)
    const broken = 'zsnap: pool-a/renamed@s4: its chain is broken: missing parent pool-a/data set@s1'
    const [s2, s4, ...rest] = ended.stdout.trimEnd().split('\n')
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(s2).toMatch(/^s2 +\| s1 +\| incremental \| ok *$/)
    expect(s4).toMatch(/^s4 +\| s1 +\| incremental \| parent guid mismatch *$/)
    expect(rest).toEqual(['pool-b/copy@s1', 'pool-b/copy@s2', broken, broken])
  })

  test('nothing for a name alone: a snapshot of that name that is another one is no base, and is not what was asked for', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make}
      put() { pput -q --format bytes --meta size=1 --meta "$2" "$ZPIPES_STORE/$A/data set@$1"; }
      zfs send "$A/data set@s1" | put s1 isfull=true
      zfs send -i @s1 "$A/data set@s2" | put s2 "parent=$A/data set@s1"
      zfs create $B/other; zfs snapshot $B/other@s1; fill b/other/precious 100000; zfs snapshot $B/other@later
      ends 73 zsnap restore -q --force --to $B/other "$A/data set@s2"
      ends 73 zsnap restore -q --to $B/other "$A/data set@s1"
      zfs list ${names} $B/other; [ -s b/other/precious ]
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zfs list ${names} $B/copy`)
    expect(ended.stdout).toBe('pool-b/other@s1\npool-b/other@later\npool-b/copy@s1\npool-b/copy@s2\n')
    const guid = '[0-9a-f]{16}'
    const said = (end: string) =>
      `zsnap: pool-b/other@s1: is another snapshot of this name: its guid is ${guid}, and ${end}\n`
    const hint = 'zsnap: hint: --to names another dataset to restore to\n'
    expect(ended.stderr).toMatch(
      new RegExp(
        `^${said(`pool-a/data set@s2 goes on from ${guid}`)}${hint}${said(`that of pool-a/data set@s1 is ${guid}`)}${hint}$`,
      ),
    )
    expect(ended.status).toBe(0)
  })

  test('only what the target lacks; --json', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zsnap restore -q --json --to $B/copy "$A/data set@s4"
      ${compare}`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [plan, ...received] = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(plan).toMatchObject({ schema: 1, restore: 'pool-a/data set@s4', dataset: 'pool-b/copy', objects: 2 })
    expect(received.map((each) => each.received)).toEqual(['pool-a/data set@s3', 'pool-a/data set@s4'])
  })

  test.for(['pigz1', 'pigz4', 'zstd3', 'lz4', 'xz', 'pbzip2'])(
    'what %s has compressed',
    async (compressor, { zfs }) => {
      const ended = await zfs.script(`${make}
      zsnap backup --compressor ${compressor} "$A/data set"
      zsnap restore -q --to $B/copy "$A/data set@s4"
      ${compare}`)
      expect(ended).toEqual(silence)
    },
  )

  test('what age has encrypted, with the key alone', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      age-keygen -o key 2>/dev/null
      zsnap backup --compressor zstd3 --encrypt "age:$(age-keygen -y key)" "$A/data set"
      head -c 21 "store/$A/data set@s1"; echo
      ends 64 zsnap restore -q --to $B/copy "$A/data set@s4"
      age-keygen -o other 2>/dev/null
      ends 77 zsnap restore -q --identity other --to $B/copy "$A/data set@s4" 2>log
      zsnap restore -q --identity key --to $B/copy "$A/data set@s4"
      ${compare}`)
    expect(ended).toMatchObject({ status: 0, stdout: 'age-encryption.org/v1\n' })
    expect(ended.stderr).toBe(
      'zsnap: the backup is encrypted with age, and no key is given\nzsnap: hint: --identity FILE names the file that holds it\n',
    )
  })

  test("what gpg has encrypted, also under z3's name for it", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      export GNUPGHOME="$PWD/gnupg"
      mkdir -m 700 gnupg
      gpg --batch --quiet --passphrase '' --quick-generate-key backup@example.com 2>/dev/null
      zsnap backup --compressor gpg --gpg-recipient backup@example.com --snapshot s2 "$A/data set"
      zsnap backup --compressor pigz1 --encrypt gpg:backup@example.com "$A/data set"
      zsnap restore -q --to $B/copy "$A/data set@s4"
      gpgconf --kill all
      ${compare}`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })

  test('what a command of the user has made, by what it looks like or by his own', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s1 --through 'zstd -q -9 | cat' "$A/data set"
      zsnap restore -q --to $B/copy "$A/data set@s1"
      zsnap backup --through "tr '\\000-\\377' '\\001-\\377\\000'" "$A/data set"
      ends 65 zsnap restore -q --to $B/copy "$A/data set@s4"
      zsnap restore -q --through "tr '\\001-\\377\\000' '\\000-\\377'" --to $B/copy "$A/data set@s4"
      ${compare}`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/^zsnap: .*no ZFS send stream/)
  })

  test('while the zfs receive of a run that was killed still takes its dataset away', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zfs create $B/copy
      { sleep 1; until zfs destroy $B/copy 2>/dev/null; do sleep 0.1; done; } & other=$!
      zsnap restore -q --to $B/copy "$A/data set@s4"
      wait $other
      ${compare}`)
    expect(ended).toEqual(silence)
  })

  test('while one takes longer to end than such a one usually does', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zfs send "$A/data set@s1" >stream; mkfifo pipe
      zfs receive $B/copy <pipe 2>/dev/null & receiver=$!
      { head -c 200000 stream; sleep 9; } >pipe &
      until zfs list $B/copy >/dev/null 2>&1; do sleep 0.05; done
      zsnap restore -q --to $B/copy "$A/data set@s4"
      ends 1 wait $receiver
      ${compare}`)
    expect(ended).toEqual(silence)
  })

  test('--dry-run writes commands that do the same', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --compressor zstd3 "$A/data set"
      zsnap restore --dry-run --to $B/copy "$A/data set@s4" >commands
      ends 1 zfs list $B/copy 2>/dev/null
      sh -e commands
      wc -l <commands
      ${compare}
      zsnap restore --dry-run --to $B/copy "$A/data set@s4"`)
    expect(ended).toEqual({ ...silence, stdout: '4\n' })
  })
})

describe('what it refuses', () => {
  test('a damaged object: what came before it stays, and nothing of it is received', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      printf damage | dd of="store/$A/data set@s3" bs=1 seek=200000 conv=notrunc status=none
      ends 65 zsnap restore -q --to $B/copy "$A/data set@s4"
      zfs list ${names} $B`)
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-b/copy@s1\npool-b/copy@s2\n' })
    expect(ended.stderr).toMatch(/^zsnap: .*data set@s3/)
  })

  test('a chain with a gap, a name that is not there, a compressor that it does not know', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      ends 69 zsnap restore --to $B/copy "$A/data set@s9"
      mv "store/$A/data set@s2" hidden
      ends 65 zsnap restore --to $B/copy "$A/data set@s4"
      mv hidden "store/$A/data set@s2"
      sed -i 's/"isfull"/"compressor":"lz5","isfull"/' store/$A/".data set@s1".*.zpipes
      ends 65 zsnap restore --to $B/copy "$A/data set@s4"
      ends 1 zfs list $B/copy 2>/dev/null`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toContain('pool-a/data set@s4: its chain is broken: missing parent pool-a/data set@s2 of')
    expect(ended.stderr).toContain('compressor lz5: not known here')
  })

  test('a dataset that has no place, before anything is fetched', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      ends 69 zsnap restore --to "$B/no such/copy" "$A/data set@s4"
      ends 69 zsnap restore --to nowhere/copy "$A/data set@s4"`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr.split('\n').filter((line) => !/ objects, /.test(line))).toEqual([
      'zsnap: pool-b/no such/copy: there is no dataset pool-b/no such',
      "zsnap: hint: zfs create -p 'pool-b/no such' makes it",
      'zsnap: nowhere/copy: there is no pool nowhere',
      'zsnap: hint: import or create it first',
      '',
    ])
  })

  test('a dataset that is in the way, and what --force does', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zfs create $B/copy
      ends 73 zsnap restore -q --to $B/copy "$A/data set@s2"
      zsnap restore -q --force --to $B/copy "$A/data set@s2"
      zfs snapshot $B/copy@later
      ends 73 zsnap restore -q --to $B/copy "$A/data set@s4"
      zsnap restore --force --to $B/copy "$A/data set@s4"
      same "a/data set" b/copy
      zfs list ${names} $B | grep -c later || :
      zfs create $B/own
      zfs snapshot $B/own@mine
      ends 73 zsnap restore -q --force --to $B/own "$A/data set@s2"`)
    expect(ended).toMatchObject({ status: 0, stdout: '0\n' })
    expect(ended.stderr).toContain('pool-b/copy: destroying pool-b/copy@later')
    expect(ended.stderr).toContain('pool-b/own: exists, and has no snapshot in common with the backup')
  })

  test('--force of a snapshot that is there says that nothing comes back', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zsnap restore --to $B/copy "$A/data set@s2"
      zsnap restore --force --to $B/copy "$A/data set@s2"`)
    expect(ended).toEqual({
      status: 0,
      stdout: '',
      stderr: [
        'zsnap: pool-b/copy: has pool-b/copy@s2 already: nothing is fetched, and nothing rolled back',
        "zsnap: hint: zsnap rollback 'pool-b/copy@s2' brings the dataset back to it",
        '',
      ].join('\n'),
    })
  })

  test('a dataset that was changed since, unless it may be rolled back', async ({ zfs }) => {
    const ended = await zfs.script(`${stored}
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zfs mount $B/copy
      echo new >b/copy/mine
      ends 73 zsnap restore -q --to $B/copy "$A/data set@s4"
      cat b/copy/mine
      zsnap restore -q --force --to $B/copy "$A/data set@s4"
      same "a/data set" b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: 'new\n' })
    expect(ended.stderr).toMatch(/^zsnap: zfs .*has been modified.*\nzsnap: hint: --force/)
  })
})
