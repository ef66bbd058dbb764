import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

// A dataset with a space in its name, and four snapshots that differ.
const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3 4; do
    fill "a/data set/$number" 300000
    zfs snapshot "$A/data set@s$number"
  done
`
const names = (...numbers: readonly number[]) => numbers.map((number) => `data set@s${number}\n`).join('')

// zfs send that gives the first bytes alone, and then does as told.
const brokenZfs = (end: string) => `
  mkdir -p path
  cat >path/zfs <<'END'
#!/bin/sh
case $1 in
send) { ${'"$(dirname "$0")/real-zfs"'} "$@" || :; } | head -c 100000; ${end};;
*) exec ${'"$(dirname "$0")/real-zfs"'} "$@";;
esac
END
  ln -sf "$(command -v zfs)" path/real-zfs
  chmod +x path/zfs
`

describe('zsnap backup', () => {
  test('makes a full and its increments, and then has nothing to do', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup "$A/data set"
      ls store/$A
      zsnap backup "$A/data set"
      zsnap backup --json --verbose "$A/data set"`)
    expect(ended).toEqual({ ...silence, stdout: names(1, 2, 3, 4) })
  })

  test('sends what the store lacks, and stops at a snapshot that is named', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s2 "$A/data set"
      ls store/$A
      zsnap backup --snapshot "$A/data set@s3" "$A/data set"
      zsnap backup "$A/data set" -v 2>log
      grep -c 's4: increment to .*s3' log
      ls store/$A`)
    expect(ended).toEqual({ ...silence, stdout: `${names(1, 2)}1\n${names(1, 2, 3, 4)}` })
  })

  test("records what z3 reads, under z3's keys", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --compressor pigz1 --snapshot s2 "$A/data set"
      for number in 1 2; do cat store/$A/".data set@s$number".*.zpipes; done
      gzip -dc "store/$A/data set@s1" | zfs receive $B/copy
      gzip -dc "store/$A/data set@s2" | zfs receive -F $B/copy
      same "a/data set/2" b/copy/2`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [full, increment] = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).metadata)
    expect(full).toMatchObject({
      size: expect.stringMatching(/^\d+$/),
      isfull: 'true',
      compressor: 'pigz1',
      'zfs-guid': expect.stringMatching(/^[0-9a-f]{16}$/),
      'zpipes-version': expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect(increment).toMatchObject({
      parent: 'pool-a/data set@s1',
      'zfs-from-guid': full['zfs-guid'],
      compressor: 'pigz1',
    })
    expect([full.parent, increment.isfull]).toEqual([undefined, undefined])
  })

  test('does all datasets below, and goes on when one cannot be', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs create $A/empty
      zfs create $A/more
      zfs snapshot $A/more@one
      ends 69 zsnap backup -r $A
      ls store/$A
      : >"store/$A/data set@s4"
      ends 65 zsnap backup -r $A 2>/dev/null`)
    expect(ended).toMatchObject({ status: 0, stdout: `${names(1, 2, 3, 4)}more@one\n` })
    expect(ended.stderr).toContain('pool-a/empty: there is no snapshot to back up')
  })

  test('--dry-run writes commands that make the same objects', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      record() { sed 's/.published.*//' "$1/$A/.data set@s$number".*; }
      zsnap backup --dry-run --compressor zstd3 "$A/data set" >commands
      absent store/$A
      sh -e commands
      mv store by-commands
      mkdir store
      zsnap backup --compressor zstd3 "$A/data set"
      for number in 1 2 3 4; do
        cmp "store/$A/data set@s$number" "by-commands/$A/data set@s$number"
        diff <(record store) <(record by-commands)
      done
      zsnap backup --dry-run "$A/data set"`)
    expect(ended).toEqual(silence)
  })

  test('--json, --parseable and --verbose tell of each object', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --json --verbose --compressor lz4 --snapshot s1 "$A/data set"
      zsnap backup --parseable --snapshot s2 "$A/data set" | tr '\\0' ' '`)
    expect(ended.status).toBe(0)
    const [stored = '', parseable] = ended.stdout.split('\n')
    const { url, streamBytes, storedBytes, ...event } = JSON.parse(stored)
    expect(event).toMatchObject({ schema: 1, stored: 'pool-a/data set@s1', metadata: { compressor: 'lz4' } })
    expect(url).toMatch(/^file:.*\/store\/pool-a\/data set@s1$/)
    expect(streamBytes).toBeGreaterThan(storedBytes)
    expect(parseable).toMatch(/^pool-a\/data set@s2 \d+$/)
    expect(ended.stderr).toMatch(/^zsnap: .*@s1: full, about .*\nzsnap: .*@s1: stored, [\d.]+ KiB in [\d.]+ KiB\n$/)
  })

  test('what is not there, or not said', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ends 69 zsnap backup $A/none
      ends 64 zsnap backup "$A/data set@s1"
      ends 64 zsnap backup
      ends 69 zsnap backup --snapshot s9 "$A/data set"
      ends 64 zsnap backup --snapshot "$A/data@s1" "$A/data set"
      ends 64 zsnap backup --snapshot "" "$A/data set"
      ends 69 zsnap backup --store "file://$PWD/no-store" "$A/data set"
      ZPIPES_STORE= ends 64 zsnap backup "$A/data set"
      ends 64 zsnap backup --send-flags=-R "$A/data set"
      find store -type f
      zfs get -H -o value userrefs "$A/data set@s4"`)
    expect(ended).toMatchObject({ status: 0, stdout: '0\n' })
    expect(ended.stderr.split('\n').filter((line) => /^zsnap: (?!hint)/.test(line))).toHaveLength(9)
  })

  test("reads z3's settings, with a section for the dataset", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs snapshot "$A/data set@daily-1"
      printf '[main]\\nFILESYSTEM=%s\\nSNAPSHOT_PREFIX=s\\n[fs:%s]\\nSNAPSHOT_PREFIX=daily\\n' "$A/data set" "$A/data set" >conf
      zsnap backup --config conf --parseable | tr '\\0' ' ' | wc -l
      ls store/$A
      zsnap backup --config conf --full "$A/data set"
      ls store/$A`)
    expect(ended).toEqual({ ...silence, stdout: `4\n${names(1, 2, 3, 4)}data set@daily-1\n${names(1, 2, 3, 4)}` })
  })
})

describe('what goes wrong', () => {
  test.for([
    ['a zfs send that dies and says so', brokenZfs('exit 3'), 65, 'zfs ended with status 3'],
    ['one that dies in silence', brokenZfs('exit 0'), 65, 'truncated: it ends at byte 100000'],
    ['one that is killed', brokenZfs('kill -9 $$'), 65, 'zfs was killed by SIGKILL'],
  ] as const)(
    '%s: nothing is published, and the same command then completes',
    async ([, broken, status, says], { zfs }) => {
      const ended = await zfs.script(`${make}
      zsnap backup --snapshot s1 "$A/data set"
      ${broken}
      PATH="$PWD/path:$PATH" ends ${status} zsnap backup "$A/data set"
      ls -A store/$A | grep -v '^[.].*zpipes$'
      zsnap backup "$A/data set"
      ls store/$A`)
      expect(ended).toMatchObject({ status: 0, stdout: `${names(1)}${names(1, 2, 3, 4)}` })
      expect(ended.stderr).toContain(says)
    },
  )

  test('a compressor that dies, or is not there', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ends 69 zsnap backup --through 'head -c 100000; exit 9' "$A/data set"
      ends 75 zsnap backup --through cat --through 'kill -9 $$' "$A/data set"
      mkdir path
      printf '#!/bin/sh\\nhead -c 100000\\nexit 1\\n' >path/zstd
      chmod +x path/zstd
      PATH="$PWD/path:$PATH" ends 69 zsnap backup --compressor zstd3 "$A/data set"
      ends 64 zsnap backup --compressor lz5 "$A/data set"
      find store -type f`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toContain("zsnap: 'head -c 100000; exit 9' ended with status 9")
    expect(ended.stderr).toContain('zsnap: zstd ended with status 1')
    expect(ended.stderr).toContain('compressor lz5: not known here')
  })

  test('a chain that has lost its full is refused, and mended by a new one', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s3 "$A/data set"
      rm "store/$A/data set@s1"
      ends 65 zsnap backup "$A/data set"
      zsnap backup --full "$A/data set"
      zsnap restore --to $B/copy "$A/data set@s4" -q
      ends 65 zsnap restore --to $B/other "$A/data set@s3" -q
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toContain('--full begins a new chain')
  })

  test('a snapshot that was destroyed and taken anew under its name is not taken for the old one', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --protect none "$A/data set"
      destroy "$A/data set@s4"
      zfs snapshot "$A/data set@s4"
      ends 73 zsnap backup "$A/data set"`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/data set@s4 in the store is another snapshot: its guid is [0-9a-f]{16}, here it is/)
  })

  test('a signal in the middle: nothing is left, and nothing is held', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      fill "a/data set/5" 5000000
      zfs snapshot "$A/data set@s5"
      zsnap backup --bwlimit 1M "$A/data set" & running=$!
      until ls "store/$A/.data set@s5".*.upload >found 2>&1; do sleep 0.05; done
      kill -TERM $running
      ends 143 wait $running
      find store -name '*.upload' >left
      cat left
      zfs get -H -o value userrefs "$A/data set@s4" "$A/data set@s5"
      ls /var/run/zpipes
      zsnap backup "$A/data set"`)
    expect(ended).toMatchObject({ status: 0, stdout: '1\n0\n' })
  })

  test("a second run meanwhile: 75 and one line; a killed one is in nobody's way", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      fill "a/data set/5" 3000000
      zfs snapshot "$A/data set@s5"
      zsnap backup --bwlimit 500K "$A/data set" & first=$!
      until [ -e "store/$A/data set@s1" ]; do sleep 0.05; done
      ends 75 zsnap backup "$A/data set"
      kill -9 $first
      ends 137 wait $first
      zsnap backup "$A/data set"
      ls store/$A /var/run/zpipes`)
    expect(ended).toMatchObject({ status: 0, stdout: `/var/run/zpipes:\n\nstore/pool-a:\n${names(1, 2, 3, 4, 5)}` })
    expect(ended.stderr).toMatch(
      /^zsnap: pool-a\/data set in file:\/\/\S+store\/?: another program is at it\nzsnap: hint: .*\n\S+ line \d+:.*Killed/,
    )
  })
})

describe('backing up protects itself', () => {
  test('the base of the next increment is held, and released after it', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap backup --snapshot s2 "$A/data set"
      destroy "$A/data set@s1"
      ends 1 zfs destroy "$A/data set@s2"
      zsnap backup "$A/data set"
      destroy "$A/data set@s2"
      ends 1 zfs destroy "$A/data set@s4"
      fill "a/data set/5" 100000
      zfs snapshot "$A/data set@s5"
      zsnap backup "$A/data set"
      zsnap restore --quiet --to $B/copy "$A/data set@s5"
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })

  test('what could not be stored is not held, and --protect none holds nothing', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ends 69 zsnap backup --through false "$A/data set"
      destroy "$A/data set@s1"
      zsnap backup --protect none "$A/data set"
      destroy "$A/data set@s4"`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })
})
