import { describe, expect } from 'vitest'
import { freePort } from '../fakes/free-port.ts'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

// Slow, and with repair for long pauses: other tests load the machine.
const make = `
  zfs create "$A/data set"
  fill "a/data set" 2000000
  zfs snapshot "$A/data set@one"
  zudp-send --new-key key
  listen() { until ss -lun | grep -q ":$1 "; do sleep 0.1; done; }
  send() { listen $1; zudp-send --one-way --rate 2M --burst 100ms --key key 127.0.0.1:$1; }
`

describe('zfs send | zudp-send --one-way, zudp-recv --one-way | zfs receive', () => {
  test('a full stream, and an incremental one after it', async ({ zfs }) => {
    const [first, second] = [await freePort(), await freePort()]
    const ended = await zfs.script(`${make}
      zudp-recv --one-way --key key 127.0.0.1:${first} | zfs receive $B/copy &
      zfs send "$A/data set@one" | send ${first}
      wait $!
      same "a/data set" b/copy
      fill "a/data set/more" 500000
      zfs snapshot "$A/data set@two"
      zudp-recv --one-way --key key 127.0.0.1:${second} | zfs receive -F $B/copy &
      zfs send -i one "$A/data set@two" | send ${second}
      wait $!
      same "a/data set" b/copy
      [ "$(zfs get -H -o value guid "$A/data set@two")" = "$(zfs get -H -o value guid $B/copy@two)" ]`)
    expect(ended).toEqual(silence)
  })

  test('a sender that dies: no dataset appears', async ({ zfs }) => {
    const first = await freePort()
    const ended = await zfs.script(`${make}
      : >said
      { ends 75 zudp-recv -v --one-way --timeout 2s --key key 127.0.0.1:${first} 2>said && touch ended; } | zfs receive $B/copy 2>/dev/null &
      receiver=$!
      listen ${first}
      zfs send "$A/data set@one" | zudp-send --one-way --rate 1M --key key 127.0.0.1:${first} &
      until grep -q began said; do sleep 0.1; done
      kill -9 $!
      wait $receiver || true
      ends 1 zfs list $B/copy
      [ -e ended ]`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })
})

describe('a zfs send of our own', () => {
  // Frames through the loopback interface: the kernel itself takes none of 127.0.0.1 that it has not sent.
  const raw = `
    raw() {
      until grep -q listening said; do sleep 0.1; done
      zudp-send --raw --interface lo --source-ip 127.0.0.1 --destination-ip 127.0.0.1 --destination-mac 00:00:00:00:00:00 \
        --rate 2M --burst 100ms --key key "\${@:2}" :$1
    }
    receive() { zudp-recv -v --raw --interface lo --wait 20s --key key :$1 2>said | zfs receive "\${@:2}" 2>refused; }
    tell() { cat said refused >&2; exit 1; }
    : >said
  `

  test('--full-sync of a pool, then --send-delta between two snapshots', async ({ zfs }) => {
    const [first, second] = [await freePort(), await freePort()]
    const ended = await zfs.script(`${make} ${raw}
      zfs snapshot "$A/data set@7"
      receive ${first} -F $B/copy &
      raw ${first} --full-sync --pool "$A/data set"
      wait $! || tell
      same "a/data set" b/copy
      zfs list $B/copy@8 >/dev/null
      fill "a/data set/more" 500000
      zfs snapshot "$A/data set@9"
      : >said
      receive ${second} -F $B/copy &
      raw ${second} --send-delta --delta-start "$A/data set@8" --delta-end "$A/data set@9"
      wait $! || tell
      same "a/data set" b/copy`)
    expect(ended).toEqual(silence)
  })

  test('that fails ends with its own words, and with no dataset', async ({ zfs }) => {
    const first = await freePort()
    const ended = await zfs.script(`${make} ${raw}
      receive ${first} $B/copy & receiver=$!
      ends 69 raw ${first} --send-delta --delta-start $A@0 --delta-end $A@1 2>failed
      grep -q "zudp-send: zfs ended with status" failed
      wait $receiver && exit 9
      ends 1 zfs list $B/copy 2>/dev/null
      ends 64 raw ${first} --send-delta --delta-end $A@1 2>/dev/null
      ends 64 raw ${first} --pool $A 2>/dev/null`)
    expect(ended).toEqual(silence)
  })
})
