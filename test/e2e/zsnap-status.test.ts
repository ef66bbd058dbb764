import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const make = `
  mkdir store
  export ZPIPES_STORE="file://$PWD/store"
  zfs create "$A/data set"
  for number in 1 2 3; do
    fill "a/data set/$number" 300000
    zfs snapshot "$A/data set@s$number"
  done
  zsnap backup "$A/data set"
`
const cells = (stdout: string) => stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))

describe('zsnap status', () => {
  test("z3's table and more, and 0 while all is well", async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs snapshot "$A/data set@later"
      destroy "$A/data set@s1"
      zsnap status "$A/data set"`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [title, header, ...rows] = cells(ended.stdout)
    expect(title?.[0]).toMatch(/^backup status for pool-a\/data set@\* on file:\/\/\/.*store$|store\/$/)
    expect(header?.slice(0, 6)).toEqual(['NAME', 'PARENT', 'TYPE', 'HEALTH', 'LOCAL STATE', 'SIZE'])
    expect(rows.slice(0, 4).map((row) => row.slice(0, 5))).toEqual([
      ['later', '-', 'missing', '-', 'ok'],
      ['s1', '', 'full', 'ok', 'missing'],
      ['s2', 's1', 'incremental', 'ok', 'ok'],
      ['s3', 's2', 'incremental', 'ok', 'ok'],
    ])
    expect(rows[4]?.[0]).toMatch(/^ok: pool-a\/data set: the newest good backup, s3, is \d+s old; 3 backups, 0 broken$/)
  })

  test('1 for a broken one or an old one, 2 without a good one, 3 if the store does not say', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      ends 1 zsnap status -q --warn-age 1ms "$A/data set"
      ends 2 zsnap status -q --crit-age 1ms "$A/data set"
      ends 2 zsnap status -q "$A/other"
      printf '%s\\n' "$A/data set" "$A/other" | ends 2 zsnap status -q - | sed -n 1p
      ends 64 zsnap status -q - </dev/null
      ends 64 zsnap status -q "$A/data set@s1"
      rm "store/$A/data set@s2"
      ends 1 zsnap status "$A/data set"
      rm "store/$A/data set@s1"
      ends 2 zsnap status -q
      mkdir empty
      ends 2 zsnap status -q --store "file://$PWD/empty"
      ends 3 zsnap status -q --store s3://none --endpoint http://127.0.0.1:9 --retry-for 1ms
      ends 3 zsnap status -q --store "file://$PWD/unmounted"
      chmod 0 "store/$A"; chmod 711 . store
      ends 3 setpriv --reuid 65534 --clear-groups "$(command -v node)" "$(command -v zsnap)" status -q
      ends 64 zsnap status --warn-age soon`)
    expect(ended.status).toBe(0)
    expect(ended.stdout).toMatch(/^s3 +\| s2 +\| incremental \| missing parent/m)
    expect(ended.stdout.match(/^critical: pool-a\/other: no good backup; 0 backups, 0 broken$/gm)).toHaveLength(2)
    expect(ended.stdout).toMatch(/^critical: no backups of any dataset on file:\/\/.*empty\/?$/m)
  })

  test('without ZFS here the local state is unknown', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      mkdir none; ln -s "$(command -v node)" "$(command -v env)" none/
      zsnap=$(command -v zsnap)
      PATH="$PWD/none" "$zsnap" status "$A/data set"`)
    expect(ended).toMatchObject({ status: 0 })
    expect(ended.stdout).toMatch(/^s1 .*\| unknown/m)
  })

  test('--json, and --metrics to a file that is whole at any time', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap verify "$A/data set"
      zsnap status --json --metrics zpipes.prom "$A/data set"
      ls | grep -c prom
      cat zpipes.prom`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const lines = ended.stdout.split('\n')
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    expect(events.map((each) => each.health)).toEqual(['ok', 'ok', 'ok', undefined])
    expect(events[0]).toMatchObject({ schema: 1, type: 'full', local: 'ok', verification: { depth: 'cheap' } })
    expect(events[3]).toMatchObject({ dataset: 'pool-a/data set', state: 'ok', backupCount: 3 })
    expect(lines).toContain('1')
    expect(ended.stdout).toMatch(/^zpipes_backups\{store="file:.*",dataset="pool-a\/data set"\} 3$/m)
    expect(ended.stdout).toMatch(/^zpipes_backup_last_verified_timestamp_seconds\{.*\} \d+/m)
  })
})

describe('zsnap report', () => {
  test('draws what there is, whatever it is called, and ends with 0 though it is bad', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      # The least figure shows an hour in 600 columns: it comes into another than the one before.
      sleep 6.1; zfs snapshot "$A/data set@later"
      cp "store/$A/data set@s1" "store/$A/<script>alert(1)<&@s1"
      rm "store/$A/data set@s2"
      zsnap verify --deep "$A/data set@s1"
      zsnap report --html >page
      grep -c '<script' page || :
      grep -o '<bdi>pool-a/[^/]*</bdi></h2>' page
      grep -o '<use href="#[a-z]*" x="[0-9.]*%"' page | cut -d '"' -f 2 | sort | uniq -c | sed 's/^ *//'
      zsnap report --html "$A/data set" | grep -c '<section'`)
    const names = ['pool-a/&lt;script&gt;alert(1)&lt;&amp;', 'pool-a/data set'].map(
      (name) => `<bdi>${name}</bdi></h2>\n`,
    )
    const marks = ['1 #age', '2 #broken', '1 #full', '1 #good', '2 #local', '']
    expect(ended).toEqual({ status: 0, stdout: `0\n${names.sort().join('')}${marks.join('\n')}1\n`, stderr: '' })
  })

  test('needs a form', async ({ zfs }) => {
    const ended = await zfs.script('ends 64 zsnap report --store file://$PWD')
    const told = 'zsnap: a report of which form?\nzsnap: hint: --html is the only one\n'
    expect(ended).toEqual({ status: 0, stdout: '', stderr: told })
  })
})
