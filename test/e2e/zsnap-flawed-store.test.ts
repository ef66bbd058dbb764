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
  zsnap backup --snapshot s2 "$A/data set"
`
const damage = `printf damage | dd of="store/$A/data set@s2" bs=1 seek=100000 conv=notrunc status=none`
const health = `zsnap status --json "$A/data set" | sed -n 's/.*"snapshot":"[^"]*@\\(s.\\)".*"health":"\\([^"]*\\)".*/\\1 \\2/p'`

describe('what is flawed in the store', () => {
  test.for([
    ['cut off', `truncate -s 100000 "store/$A/data set@s2"`, 'is 100000 bytes, \\d+ were stored'],
    ['emptied', `: >"store/$A/data set@s2"`, 'is 0 bytes, \\d+ were stored'],
    [
      'its record damaged',
      `for each in store/$A/".data set@s2".*; do echo '{' >"$each"; done`,
      '.*the record is not JSON',
    ],
    ['found bad', `${damage}; ends 65 zsnap verify --deep "$A/data set@s2" 2>/dev/null`, 'found bad: .*'],
  ])('%s: no backup goes on from it, and --full takes its place', async ([, flaw, said], { zfs }) => {
    const ended = await zfs.script(`${make}
      ${flaw}
      ${health} || :
      ends 65 zsnap backup "$A/data set"
      ls store/$A
      zsnap backup --full --snapshot s2 "$A/data set"
      zsnap backup "$A/data set"
      ${health}
      zsnap restore -q --to $B/copy "$A/data set@s3"
      zfs mount $B/copy
      same "a/data set" b/copy`)
    expect(ended.stdout).toMatch(new RegExp(`^s1 ok\ns2 ${said}\ndata set@s1\ndata set@s2\ns1 ok\ns2 ok\ns3 ok\n$`))
    expect(ended.stderr).toMatch(
      new RegExp(`^zsnap: pool-a/data set@s2 is in the store, but .*: ${said}\nzsnap: hint: --full`),
    )
    expect(ended.status).toBe(0)
  })

  test('by names and metadata that would drive a terminal: they are shown as what they are', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      evil=$(printf 'x\\033]0;title\\007')
      echo bytes | pput --metadata "parent=$A/data set@$evil" "$ZPIPES_STORE/$A/data set@s9"
      echo bytes | pput "$ZPIPES_STORE/$A/data set@$evil"
      echo bytes | pput "$ZPIPES_STORE/$A/$evil@s1"
      : >"store/$A/.$evil.gone-1.01234567.upload"
      zsnap status || :
      zsnap prune -n --match '*' --keep-last 1 --store "$ZPIPES_STORE" "$A/data set"
      zsnap clean -n --max-age 0s`)
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain('x\\x1b]0;title\\x07')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/)
  })

  test('a restore that needs it destroys nothing before it finds out', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zsnap restore -q --to $B/copy "$A/data set@s1"
      zfs snapshot $B/copy@later
      truncate -s 100000 "store/$A/data set@s2"
      ends 65 zsnap restore --force --to $B/copy "$A/data set@s2"
      zfs list -H -t snapshot -o name -r $B`)
    expect(ended).toMatchObject({ status: 0, stdout: 'pool-b/copy@s1\npool-b/copy@later\n' })
    expect(ended.stderr).toContain('data set@s2: is 100000 bytes')
  })
  test('nor one for which it lacks the key, or that a later snapshot with a hold is in the way of', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      age-keygen -o key 2>/dev/null
      age-keygen -o other 2>/dev/null
      zsnap backup --encrypt "age:$(age-keygen -y key)" "$A/data set"
      zsnap restore -q --to $B/copy "$A/data set@s2"
      zfs snapshot $B/copy@later
      zfs snapshot $B/copy@last
      restore() { ends $1 zsnap restore -q --force --identity $2 --to $B/copy "$A/data set@s3"; }
      restore 77 other 2>/dev/null
      zfs hold mine $B/copy@last
      restore 73 key
      zfs release mine $B/copy@last
      zfs list -H -t snapshot -o name -r $B
      restore 0 key
      zfs list -H -t snapshot -o name -r $B`)
    const [old, later] = ['pool-b/copy@s1\npool-b/copy@s2\n', 'pool-b/copy@later\npool-b/copy@last\n']
    expect(ended).toMatchObject({ status: 0, stdout: `${old}${later}${old}pool-b/copy@s3\n` })
    expect(ended.stderr).toMatch(/^zsnap: pool-b\/copy@last: is held/)
  })
})
