import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const made = `
  zfs create $A/home; zfs create "$A/home/a b"
  for day in mon tue wed; do zfs snapshot -r $A/home@$day; done
  zfs hold mine $A/home@tue`

describe('zsnap list', () => {
  test('lists the snapshots of a dataset in a table for people', async ({ zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}; zsnap list $A/home`)
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(heading).toMatch(/^NAME +GUID +CREATETXG +CREATION +USED +REFER +WRITTEN +HOLDS$/)
    const shape = (day: string, holds: number) =>
      expect.stringMatching(
        new RegExp(
          `^pool-a/home@${day} +[0-9a-f]{16} +\\d+ +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ +\\S+ K?i?B +\\S+ KiB +- +${holds}$`,
        ),
      )
    expect(rows).toEqual([shape('mon', 0), shape('tue', 1), shape('wed', 0)])
    expect(new Set([heading, ...rows].map((row) => row?.length)).size).toBe(1)
  })

  test('-H: just what zfs knows, tab by tab', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap list -H $A/home >listed
      property() { zfs get -Hp -o value "$1" "$A/home@$2"; }
      for day in mon tue wed; do
        printf '%s\\t%016x\\t%s\\t%s\\t%s\\t%s\\t-\\t%s\\n' "$A/home@$day" "$(property guid $day)" \\
          $(property createtxg $day) $(property creation $day) $(property used $day) \\
          $(property referenced $day) $(property userrefs $day)
      done | cmp - listed`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test.for([
    [
      '-r: all below, each after its parent',
      '-r $A/home',
      ['home@mon', 'home@tue', 'home@wed', 'home/a b@mon', 'home/a b@tue', 'home/a b@wed'],
    ],
    ['what matches', "--match 't*' $A/home", ['home@tue']],
    ['whole names that match', "-r --match '*b@mon' $A/home", ['home/a b@mon']],
    ['a dataset named twice, once', '-r $A/home "$A/home/a b" --match mon', ['home@mon', 'home/a b@mon']],
    ['all datasets, if none is named', '--match wed', ['home@wed', 'home/a b@wed', 'other@wed']],
    ['nothing, of a dataset without any', '$B', []],
  ] as const)('%s', async ([, words, names], { zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}; zfs create $B/other; zfs snapshot $B/other@wed
      zsnap list -H ${words}`)
    const listed = stdout.split('\n').filter((line) => line !== '')
    const short = listed.map((line) => line.replace(/\t.*/, '').replace(/^pool-.\//, ''))
    expect({ status, stderr, short }).toEqual({ status: 0, stderr: '', short: names })
  })

  test('nothing at all is no heading', async ({ zfs }) => {
    expect(await zfs.script('zsnap list $A')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('datasets from stdin; as JSON', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      printf '%s\\n' "$A/home/a b" | zsnap list --json --match mon -`)
    const guid = expect.stringMatching(/^[0-9a-f]{16}$/)
    const counts = { createTxg: expect.any(Number), usedBytes: expect.any(Number), referBytes: expect.any(Number) }
    const creation = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const snapshot = 'pool-a/home/a b@mon'
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ schema: 1, snapshot, guid, ...counts, creation, holds: 0 })
  })

  test('says whether a store has each, by its guid', async ({ zfs }) => {
    const { status, stdout, stderr } = await zfs.script(`${made}
      store=file://$PWD/store; mkdir store
      zsnap backup --store $store --snapshot tue $A/home
      destroy $A/home@mon; zfs snapshot $A/home@mon
      zsnap list --store $store $A/home | sed "s/ .* / /"
      zsnap list -H --store $store $A/home | cut -f 1,9
      : >"store/$A/home@tue"
      zsnap list -H --store $store $A/home | cut -f 1,9 | tail -2
      zsnap list --json --store $store --match wed $A/home`)
    const [json, ...lines] = stdout.trimEnd().split('\n').reverse()
    expect({ status, stderr, lines: lines.toReversed() }).toEqual({
      status: 0,
      stderr: '',
      lines: [
        'NAME STORED',
        ...['tue yes', 'wed no', 'mon no'].map((row) => `pool-a/home@${row}`),
        ...['tue\tyes', 'wed\tno', 'mon\tno'].map((row) => `pool-a/home@${row}`),
        ...['wed\tno', 'mon\tno'].map((row) => `pool-a/home@${row}`),
      ],
    })
    expect(JSON.parse(json ?? '')).toMatchObject({ snapshot: 'pool-a/home@wed', stored: false })
  })

  test('what a store has and could not be brought back is bad', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      store=file://$PWD/store; mkdir store
      zsnap backup --store $store $A/home; rm "store/$A/home@mon"
      zsnap list -H --store $store $A/home | cut -f 1,9`)
    const stdout = 'pool-a/home@mon\tno\npool-a/home@tue\tbad\npool-a/home@wed\tbad\n'
    expect(ended).toEqual({ status: 0, stdout, stderr: '' })
  })
})

describe('zsnap list that cannot', () => {
  test.for([
    [
      'of a dataset that is not there',
      'zsnap list $A/none',
      69,
      /^zsnap: zfs: cannot open 'pool-a\/none': dataset does not exist\n$/,
    ],
    ['of a snapshot', 'zsnap list $A/home@mon', 64, /^zsnap: 'pool-a\/home@mon' is not a dataset, but/],
    ['of nothing', 'zsnap list - </dev/null', 64, /^zsnap: stdin names no dataset\n/],
    ['with no pattern', "zsnap list --match '[z-a]'", 64, /^zsnap: '\[z-a\]' is no pattern\n/],
    ['with a store that is none', 'zsnap list --store ftp://x', 64, /is not a store/],
  ] as const)('%s', async ([, command, status, message], { zfs }) => {
    const ended = await zfs.script(`${made}; ${command}`)
    expect(ended).toEqual({ status, stdout: '', stderr: expect.stringMatching(message) })
  })
})
