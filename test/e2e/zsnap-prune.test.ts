import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** Five of ours, one of another's; `left` lists what is there. */
const made = `
  zfs create $A/home; zfs create "$A/home/a b"
  for i in 1 2 3 4 5; do zfs snapshot -r $A/home@zsnap-2026010\${i}T000000Z; done
  zfs snapshot $A/home@manual
  left() { zfs list -H -o name -t snapshot -r -s createtxg $A/home | sed "s/^$A.home//; s/zsnap-2026010//; s/T000000Z//"; }
`

describe('zsnap prune', () => {
  test('destroys what no rule keeps, in silence, and leaves others alone', async ({ zfs }) => {
    const ended = await zfs.script(`${made} zsnap prune --keep-last 2 $A/home; left | grep -v "a b"`)
    expect(ended).toEqual({ status: 0, stdout: '@4\n@5\n@manual\n', stderr: '' })
  })

  test('again, it destroys nothing more', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap prune -r --keep last=3,daily=1 $A/home; left >once
      zsnap prune -rv --keep last=3,daily=1 $A/home 2>said; left | cmp - once
      ! grep destroy said
      grep -c keep said`)
    expect(ended).toEqual({ status: 0, stdout: '7\n', stderr: '' })
  })

  test('with -r, all below, each by itself; without it, none below', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      destroy $A/home@zsnap-20260105T000000Z
      zsnap prune --keep-last 1 $A/home; left | grep -c "a b"
      zsnap prune -r --keep-last 1 $A/home; left`)
    expect(ended).toEqual({ status: 0, stdout: '5\n@4\n/a b@5\n@manual\n', stderr: '' })
  })

  test('prunes what matches a pattern, instead of what has the prefix', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zfs snapshot $A/home@210127-063600_S; zfs snapshot $A/home@210127-063601_S; zfs snapshot $A/home@210127-070000_M
      zsnap prune --match "*_S" --keep-last 1 $A/home
      left | grep -v "a b"`)
    const kept = '@1\n@2\n@3\n@4\n@5\n@manual\n@210127-063601_S\n@210127-070000_M\n'
    expect(ended).toEqual({ status: 0, stdout: kept, stderr: '' })
  })

  test('P5: keeps what is held and what has a clone, and says so', async ({ zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}
      zfs hold mine $A/home@zsnap-20260101T000000Z
      zfs hold zpipes-12345678 $A/home@zsnap-20260101T000000Z
      zfs clone $A/home@zsnap-20260102T000000Z $A/clone
      zsnap prune -v --keep-last 1 $A/home
      left | grep -v "a b"`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '@1\n@2\n@5\n@manual\n' })
    expect(stderr.split('\n').map((line) => line.replace(/zsnap-2026|T0{6}Z/g, ''))).toEqual(
      [
        'zsnap: keep     pool-a/home@0101  held by 2 tags',
        'zsnap: keep     pool-a/home@0102  origin of pool-a/clone',
        'zsnap: destroy  pool-a/home@0103              no rule keeps it',
        'zsnap: destroy  pool-a/home@0104              no rule keeps it',
        'zsnap: keep     pool-a/home@0105              newest; last 1 of 1',
        'zsnap: keep     pool-a/home@manual                  not of the prefix zsnap',
        '',
      ].map((line) => expect.stringMatching(new RegExp(`^${line.replaceAll(/ {2,}/g, ' +')}$`))),
    )
  })

  test('of datasets that stdin names; as JSON', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      printf '%s\\n' "$A/home/a b" | zsnap prune --json --keep-last 4 -
      left | grep -c "a b"`)
    const lines = stdout.trim().split('\n')
    const [first, , last] = [lines[0], lines[1], lines[4]].map((line) => JSON.parse(line ?? ''))
    expect({ status, count: lines.length, left: lines[5] }).toEqual({ status: 0, count: 6, left: '4' })
    const name = (day: number) => `pool-a/home/a b@zsnap-2026010${day}T000000Z`
    const creation = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const gone = { schema: 1, snapshot: name(1), creation, keep: false, reasons: ['no rule keeps it'], destroyed: true }
    expect(first).toEqual(gone)
    const kept = { keep: true, reasons: ['newest', 'last 1 of 4'], destroyed: false }
    expect(last).toEqual({ ...gone, ...kept, snapshot: name(5) })
  })

  test('keeps the newest of a calendar day', async ({ zfs }) => {
    const { stdout } = await zfs.script(`${made}
      # Not on the stroke of midnight.
      [ $(date -u +%H%M) != 2359 ] || sleep 61
      zsnap prune --keep-daily 1 --keep-yearly 1 $A/home
      left | grep -v "a b"`)
    expect(stdout).toMatch(/^@5\n@manual\n$/)
  })
})

describe('zsnap prune --dry-run', () => {
  test('says why each stays or goes, destroys nothing, and is a script', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      destroy -r "$A/home/a b"
      zsnap prune -n --keep-last 4 $A/home | tee plan
      left | grep -c @
      sh -e plan
      left`)
    expect({ status, lines: stdout.split('\n') }).toEqual({
      status: 0,
      lines: [
        '# destroy  pool-a/home@zsnap-20260101T000000Z  no rule keeps it',
        ...[2, 3, 4].map((day) => `# keep     pool-a/home@zsnap-2026010${day}T000000Z  last ${6 - day} of 4`),
        '# keep     pool-a/home@zsnap-20260105T000000Z  newest; last 1 of 4',
        '# keep     pool-a/home@manual                  not of the prefix zsnap',
        'zfs destroy pool-a/home@zsnap-20260101T000000Z',
        '6',
        '@2',
        '@3',
        '@4',
        '@5',
        '@manual',
        '',
      ],
    })
  })
})

describe('zsnap prune that cannot', () => {
  test.for([
    ['without a rule', '$A/home', 64, 'zsnap: nothing says what to keep\n'],
    ['with rules that keep nothing', '--keep last=0 $A/home', 64, 'zsnap: nothing says what to keep\n'],
    ['with an unknown zone', '--keep-last 1 --timezone Mars $A/home', 64, "zsnap: 'Mars' is no time zone\n"],
    ['of no dataset', '--keep-last 1', 64, 'zsnap: dataset is missing\n'],
    ['of a snapshot', '--keep-last 1 $A/home@manual', 64, "zsnap: 'pool-a/home@manual' is not a dataset"],
    [
      'of what is not there',
      '--keep-last 1 $A/home $A/none',
      69,
      "zsnap: zfs: cannot open 'pool-a/none': dataset does not exist\n",
    ],
  ] as const)('%s destroys nothing', async ([, words, status, message], { zfs }) => {
    const ended = await zfs.script(`${made} ends ${status} zsnap prune ${words}; left | grep -c @`)
    expect(ended).toMatchObject({ status: 0, stdout: '11\n' })
    expect(ended.stderr.startsWith(message), ended.stderr).toBe(true)
  })

  test('destroy one, held since it was listed, destroys the others and ends with what zfs says', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      # A zfs that holds a snapshot just before the first is destroyed.
      mkdir bin; real=$(command -v zfs)
      cat >bin/zfs <<END
#!/bin/sh
[ "\\$1" != destroy ] || $real hold late $A/home@zsnap-20260102T000000Z 2>/dev/null
exec $real "\\$@"
END
      chmod +x bin/zfs
      PATH=$PWD/bin:$PATH ends 73 zsnap prune --keep-last 1 $A/home
      left | grep -v "a b"`)
    expect(ended).toEqual({
      status: 0,
      stdout: '@2\n@5\n@manual\n',
      stderr: "zsnap: zfs: cannot destroy 'pool-a/home@zsnap-20260102T000000Z': dataset is busy\n",
    })
  })
})

describe('two at once', () => {
  test('end well, and what was to go is gone', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      for i in $(seq 60); do zfs snapshot $A/home@zsnap-20260201T0000$(printf %02d $((i % 60)))Z; done
      for i in 1 2 3; do zsnap prune --keep-last 2 $A/home & done
      for job in $(jobs -p); do wait $job; done
      left | grep -v "a b"`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout.split('\n')).toHaveLength(4)
  })
})
