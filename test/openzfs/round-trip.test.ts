import { describe, expect } from 'vitest'
import { test } from './guest.ts'

/** A dataset is sent through pput into a store, and back through pget into the other pool. */
interface RoundTrip {
  readonly name: string
  readonly make: string
  readonly send: string
  readonly receive?: string
  readonly compare?: string
}

const fillData = 'fill a/data 4000000; zfs snapshot $A/data@one'
const plain = `zfs create $A/data; ${fillData}`

// There is no udev in the guest: the device of a volume is the one that says so.
const device = 'device() { for d in /dev/zd*; do [ "$(/lib/udev/zvol_id $d)" = $1 ] && echo $d; done; }'

const roundTrips: readonly RoundTrip[] = [
  { name: 'plain', make: plain, send: 'zfs send $A/data@one' },
  {
    name: 'compressed records of 1 MiB with embedded blocks (-L -c -e)',
    make: `zfs create -o compression=zstd -o recordsize=1M $A/data; ${fillData}`,
    send: 'zfs send -L -c -e $A/data@one',
  },
  {
    name: 'raw and encrypted (-w), received without the key',
    make: `echo correct horse | zfs create -o encryption=on -o keyformat=passphrase $A/data; ${fillData}`,
    send: 'zfs send -w $A/data@one',
    compare: `
      [ "$(zfs get -H -o value keystatus $B/copy)" = unavailable ]
      echo correct horse | zfs load-key $B/copy
      zfs mount $B/copy
      same a/data b/copy`,
  },
  {
    name: 'a volume',
    make: `${device}
      zfs create -V 16M $A/data
      until [ -n "$(device $A/data)" ]; do sleep 0.2; done
      head -c 4000000 /dev/urandom >"$(device $A/data)"
      zfs snapshot $A/data@one`,
    send: 'zfs send $A/data@one',
    compare: `
      until [ -n "$(device $B/copy)" ]; do sleep 0.2; done
      [ "$(head -c 4000000 "$(device $A/data)" | sha256sum)" != "$(head -c 4000000 /dev/zero | sha256sum)" ]
      cmp "$(device $A/data)" "$(device $B/copy)"`,
  },
  {
    name: 'incremental from a bookmark',
    make: `${plain}
      zfs send $A/data@one | zfs receive $B/copy
      zfs bookmark $A/data@one $A/data#mark
      zfs destroy $A/data@one
      rm a/data/large
      fill a/data/more 1000000
      zfs snapshot $A/data@two`,
    send: 'zfs send -i $A/data#mark $A/data@two',
    receive: 'zfs receive -F $B/copy',
  },
  {
    name: 'the rest of a receive that broke (send -t)',
    make: `${plain}
      (zfs send $A/data@one || true) | head -c 2500000 | ends 1 zfs receive -s $B/copy 2>broken
      token=$(zfs get -H -o value receive_resume_token $B/copy)
      [ "$token" != - ]`,
    send: 'zfs send -t $token',
    receive: 'zfs receive -s $B/copy',
  },
  {
    name: 'a package of datasets and snapshots (-R)',
    make: `${plain}
      zfs create "$A/data/with space"
      fill "a/data/with space" 500000
      zfs snapshot -r $A/data@two`,
    send: 'zfs send -R $A/data@two',
    compare: `
      same a/data b/copy
      same "a/data/with space" "b/copy/with space"
      [ "$(zfs list -H -o name -t snapshot -r $B | wc -l)" = 3 ]`,
  },
]

describe('zfs send | pput, pget | zfs receive', () => {
  test.for(roundTrips.map((trip) => [trip.name, trip] as const))('%s', async ([, trip], { zfs }) => {
    const { make, send, receive, compare } = trip
    const ended = await zfs.script(`
      ${make}
      ${send} | cat >sent
      ${send} | pput "file://$PWD/store/key"
      cmp sent store/key
      pget "file://$PWD/store/key" | ${receive ?? 'zfs receive $B/copy'}
      ${compare ?? 'same a/data b/copy'}`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: expect.not.stringMatching(/cannot|error/) })
  })
})

describe('what is not whole', () => {
  test('a stream that was cut is not published', async ({ zfs }) => {
    const ended = await zfs.script(`
      ${plain}
      pipeline 'zfs send $A/data@one | head -c 2500000 | pput "file://$PWD/store/key"'
      absent store/key`)
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/ 0 65\n$/) })
    expect(ended.stderr).toMatch(/^pput: .*data@one/m)
  })

  test('a zfs send that is killed: nothing is published, and the same command then stores it', async ({ zfs }) => {
    const ended = await zfs.script(`
      ${plain}
      fill a/data/more 16000000
      zfs snapshot $A/data@two
      mkfifo pipe
      zfs send $A/data@two >pipe & sender=$!
      pput --bwlimit 1M "file://$PWD/store/key" <pipe & receiver=$!
      until ls store/.key.*.upload >found 2>&1; do sleep 0.1; done
      kill -9 $sender
      ends 65 wait $receiver
      absent store/key
      zfs send $A/data@two | pput "file://$PWD/store/key"
      pget "file://$PWD/store/key" | zfs receive $B/copy
      same a/data b/copy`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
    expect(ended.stderr).toMatch(/^pput: .*data@two/m)
  })

  test('an object that was damaged ends zfs receive, and no dataset appears', async ({ zfs }) => {
    const ended = await zfs.script(`
      ${plain}
      zfs send $A/data@one | pput "file://$PWD/store/key"
      printf damage | dd of=store/key bs=1 seek=2000000 conv=notrunc status=none
      ends 65 pget "file://$PWD/store/key" >pieces
      pipeline 'pget "file://$PWD/store/key" | zfs receive $B/copy'
      ends 1 zfs list -H -o name $B/copy`)
    // zfs receive checks too, and may leave before pget has come to the end and says so: then pget's pipe is closed.
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^(65|141) 1\n$/) })
  })
})
