import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

// The dataset has a space in its name, as have one of its files and the snapshot's folder.
const make = `
  zfs create "$A/data set"
  fill "a/data set" 8000000
  zfs snapshot "$A/data set@one"
  url="file://$PWD/store/key"
`
const change = `
  rm "a/data set/large"
  fill "a/data set/more" 3000000
  zfs snapshot "$A/data set@two"
`

describe('the pools themselves', () => {
  test('send and receive, without our programs', async ({ zfs }) => {
    const ended = await zfs.script(`${make} zfs send "$A/data set@one" | zfs receive $B/copy; same "a/data set" b/copy`)
    expect(ended).toEqual(silence)
  })

  test('a difference between two folders is seen', async ({ zfs }) => {
    const ended = await zfs.script('mkdir a/x b/x; echo 1 >a/x/f; echo 2 >b/x/f; ends 1 same a/x b/x')
    expect(ended).toMatchObject({ status: 0, stderr: expect.stringContaining('./f') })
  })
})

describe('zfs send | pput, pget | zfs receive', () => {
  test('a full stream', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs send "$A/data set@one" >sent
      zfs send "$A/data set@one" | pput $url
      cmp sent store/key
      pget $url | zfs receive $B/copy
      same "a/data set" b/copy`)
    expect(ended).toEqual(silence)
  })

  test('an incremental stream, after the full one', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs send "$A/data set@one" | pput $url-1
      ${change}
      zfs send -i one "$A/data set@two" | pput $url-2
      pget $url-1 | zfs receive $B/copy
      ends 1 same "a/data set" b/copy 2>differences
      pget $url-2 | zfs receive -F $B/copy
      same "a/data set" b/copy
      [ "$(zfs get -H -o value guid "$A/data set@two")" = "$(zfs get -H -o value guid $B/copy@two)" ]`)
    expect(ended).toEqual(silence)
  })

  test('a package: datasets below, all snapshots, properties (-R)', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs create "$A/data set/below"
      fill "a/data set/below" 1000000
      zfs set compression=gzip "$A/data set/below"
      ${change.replace('zfs snapshot', 'zfs snapshot -r')}
      zfs send -R "$A/data set@two" | pput $url
      pget $url | zfs receive $B/copy
      same "a/data set" b/copy
      [ "$(zfs get -H -o value compression $B/copy/below)" = gzip ]
      zfs list -H -t snapshot -o name -r $B | sed "s/^$B//"`)
    expect(ended).toEqual({ ...silence, stdout: '/copy@one\n/copy@two\n/copy/below@two\n' })
  })

  test('compressed on the way, looked into, and decompressed as recorded', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs send "$A/data set@one" | pput --through 'zstd -q' $url-1
      zfs send "$A/data set@one" | zstd -q | pput --format zfs $url-2
      for way in 1 2; do
        pget --decompress $url-$way | zfs receive $B/copy-$way
        same "a/data set" b/copy-$way
      done`)
    expect(ended).toEqual(silence)
  })

  test('a stream from a zfs send that pput runs itself', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      pput $url -- zfs send "$A/data set@one"
      pget $url | zfs receive $B/copy
      same "a/data set" b/copy
      ends 65 pput $url-2 -- zfs send "$A/data set@none"
      absent store/key-2`)
    expect(ended).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(/^pput: /m) })
  })
})

describe('a zfs send that died', () => {
  const cut = '(zfs send "$A/data set@one" || true) | head -c 5000000'

  test('is noticed by its stream alone: nothing is published, and the message names snapshot and offset', async ({
    zfs,
  }) => {
    const ended = await zfs.script(`${make} pipeline '${cut} | pput $url'; absent store/key; ls -A store`)
    expect(ended).toMatchObject({ status: 0, stdout: '0 0 65\n' })
    expect(ended.stderr).toMatch(/^pput: .*data set@one.*\b5000000\b/m)
  })

  test('is noticed below a compression', async ({ zfs }) => {
    const ended = await zfs.script(`${make} pipeline '${cut} | zstd -q | pput --format zfs $url'; absent store/key`)
    expect(ended).toMatchObject({ status: 0, stdout: '0 0 0 65\n' })
  })

  // zfs-fuse's daemon writes into the pipe itself, whatever becomes of its zfs send: so what carries the stream on is killed.
  test('with its carrier, by kill -9: nothing is published, and the same command then stores it', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      fill "a/data set/more" 30000000
      zfs snapshot "$A/data set@two"
      mkfifo pipe
      zfs send "$A/data set@two" | cat >pipe & carrier=$!
      pput --bwlimit 4M $url <pipe & receiver=$!
      until ls store/.key.*.upload >found 2>&1; do sleep 0.05; done
      kill -9 $carrier
      ends 65 wait $receiver
      absent store/key
      zfs send "$A/data set@two" | pput $url
      pget $url | zfs receive $B/copy
      same "a/data set" b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/^pput: .*data set@two/m)
  })
})

describe('a stored object that was damaged', () => {
  const damage = (place: number | string) =>
    `printf damage | dd of=store/key bs=1 seek=${place} conv=notrunc status=none`

  // zfs receive checks too, and may leave before pget has come to the end and says so: then pget's pipe is closed.
  test.for([
    ['at its beginning', '400', /^(65|141) 1\n$/],
    ['in the middle', '4000000', /^(65|141) 1\n$/],
    ['in the part that pget holds back', '$(($(stat -c %s store/key) - 1000))', /^65 1\n$/],
  ] as const)('%s: no dataset appears', async ([, place, statuses], { zfs }) => {
    const ended = await zfs.script(`${make}
      zfs send "$A/data set@one" | pput $url
      [ $(stat -c %s store/key) -gt 8000000 ]
      ${damage(place)}
      ends 65 pget $url >pieces
      pipeline 'pget $url | zfs receive $B/copy'
      ends 1 zfs list $B/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(statuses) })
    expect(ended.stderr).toMatch(/^pget: .*store\/key/m)
  })

  test('in an increment: what was received before stays as it was', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfs send "$A/data set@one" | zfs receive $B/copy
      sums b/copy >before
      ${change}
      zfs send -i one "$A/data set@two" | pput $url
      ${damage(2_000_000)}
      pipeline 'pget $url | zfs receive -F $B/copy'
      sums b/copy | cmp - before
      zfs list -H -t snapshot -o name -r $B | sed "s/^$B//"`)
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^(65|141) 1\n\/copy@one\n$/) })
  })
})
