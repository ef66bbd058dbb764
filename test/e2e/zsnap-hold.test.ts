import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** `held` lists how many holds each has. */
const made = `
  zfs create "$A/a b"
  for day in mon tue wed; do zfs snapshot "$A/a b@$day"; done
  held() { zsnap list -H "$A/a b" | cut -f 1,8 | sed "s/.*@//" | tr "\\t\\n" "= "; echo; }`

describe('zsnap hold and release', () => {
  test('do and undo, in silence', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap hold mine "$A/a b@mon" "$A/a b@wed"; held
      ends 1 zfs destroy "$A/a b@mon" 2>/dev/null
      zsnap release mine "$A/a b@mon"; held
      destroy "$A/a b@mon"; held`)
    expect(ended).toEqual({ status: 0, stdout: 'mon=1 tue=0 wed=1 \nmon=0 tue=0 wed=1 \ntue=0 wed=1 \n', stderr: '' })
  })

  test('again, they change nothing and say so if asked', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap hold mine "$A/a b@mon"; zsnap hold mine "$A/a b@mon"; zsnap hold -v mine "$A/a b@mon"; held
      zsnap release mine "$A/a b@mon"; zsnap release mine "$A/a b@mon"; zsnap release -v mine "$A/a b@mon"; held`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'mon=1 tue=0 wed=0 \nmon=0 tue=0 wed=0 \n',
      stderr: 'zsnap: pool-a/a b@mon: is held by mine already\nzsnap: pool-a/a b@mon: is not held by mine\n',
    })
  })

  test('go on after one that fails, and tell', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      ends 69 zsnap hold mine "$A/a b@none" "$A/a b@mon" "$A/none@x" "$A/a b@tue"; held
      ends 69 zsnap release mine "$A/none@x" "$A/a b@mon"; held`)
    const stdout = 'mon=1 tue=1 wed=0 \nmon=0 tue=1 wed=0 \n'
    expect(ended).toEqual({ status: 0, stdout, stderr: expect.stringMatching(/^(zsnap: zfs: .*\n){3}$/) })
  })

  test('take names from stdin; as JSON', async ({ zfs }) => {
    const { status, stdout } = await zfs.script(`${made}
      zsnap list -H "$A/a b" | cut -f 1 | zsnap hold mine -; held
      zsnap hold mine "$A/a b@mon" --json
      zsnap list -H --match "[mt]*" "$A/a b" | cut -f 1 | zsnap release --json mine -; held`)
    const [all, again, first, second, left] = stdout.split('\n')
    expect({ status, all, left }).toEqual({ status: 0, all: 'mon=1 tue=1 wed=1 ', left: 'mon=0 tue=0 wed=1 ' })
    const event = { schema: 1, snapshot: 'pool-a/a b@mon', tag: 'mine' }
    expect(JSON.parse(again ?? '')).toEqual({ ...event, held: false })
    expect(JSON.parse(first ?? '')).toEqual({ ...event, released: true })
    expect(JSON.parse(second ?? '')).toEqual({ ...event, snapshot: 'pool-a/a b@tue', released: true })
  })

  test('--dry-run is a script', async ({ zfs }) => {
    const ended = await zfs.script(`${made}
      zsnap hold -n mine "$A/a b@mon" "$A/a b@tue" | tee plan; held
      sh -e plan; held
      zsnap release -n mine "$A/a b@mon" | tee plan; sh -e plan; held
      zsnap bookmark -n "$A/a b@mon"; zsnap bookmark -n --as base "$A/a b@mon"`)
    const lines = [
      "zfs hold mine 'pool-a/a b@mon'",
      "zfs hold mine 'pool-a/a b@tue'",
      'mon=0 tue=0 wed=0 ',
      'mon=1 tue=1 wed=0 ',
      "zfs release mine 'pool-a/a b@mon'",
      'mon=0 tue=1 wed=0 ',
      "zfs bookmark 'pool-a/a b@mon' 'pool-a/a b#mon'",
      "zfs bookmark 'pool-a/a b@mon' 'pool-a/a b#base'",
    ]
    expect(ended).toEqual({ status: 0, stdout: `${lines.join('\n')}\n`, stderr: '' })
  })

  test.for([
    [
      'a tag that is a snapshot',
      'zsnap hold "$A/a b@mon" "$A/a b@tue"',
      /is no tag of a hold\nzsnap: hint: the tag comes/,
    ],
    ['a dataset', 'zsnap hold mine "$A/a b@mon" "$A/a b"', /^zsnap: 'pool-a\/a b' is not a snapshot\n/],
    ['a range', 'zsnap hold mine "$A/a b@mon%wed"', /^zsnap: 'pool-a\/a b@mon%wed' is a range, or several/],
    ['no names', 'zsnap release mine - </dev/null', /^zsnap: stdin names no snapshot\n/],
    ['a bookmark that is no name', 'zsnap bookmark --as a/b "$A/a b@mon"', /^zsnap: 'a\/b' is no name of a bookmark\n/],
  ] as const)('%s is refused, and nothing is done', async ([, command, message], { zfs }) => {
    const ended = await zfs.script(`${made}; ends 64 ${command}; held`)
    expect(ended).toEqual({ status: 0, stdout: 'mon=0 tue=0 wed=0 \n', stderr: expect.stringMatching(message) })
  })
})

test('zsnap bookmark, where ZFS has none, fails and says so', async ({ zfs }) => {
  const ended = await zfs.script(`${made}; zsnap bookmark "$A/a b@mon"`)
  expect(ended).toEqual({ status: 69, stdout: '', stderr: expect.stringMatching(/^zsnap: zfs: .*bookmark.*\n$/) })
})
