import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }

// Slow, and with repair for long pauses: other tests load the machine.
const make = `
  zfs create "$A/data set"
  fill "a/data set" 2000000
  zfs snapshot "$A/data set@one"
  zudp-send --new-key key
  listen() { until ss -lun | grep -q ":$1 "; do sleep 0.1; done; }
  send() { listen $1; zudp-send --one-way --rate 4M --burst 50ms --key key 127.0.0.1:$1; }
`

describe('zfs send | zudp-send --one-way, zudp-recv --one-way | zfs receive', () => {
  test('a full stream, and an incremental one after it', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zudp-recv --one-way --key key 127.0.0.1:1401 | zfs receive $B/copy &
      zfs send "$A/data set@one" | send 1401
      wait $!
      same "a/data set" b/copy
      fill "a/data set/more" 500000
      zfs snapshot "$A/data set@two"
      zudp-recv --one-way --key key 127.0.0.1:1402 | zfs receive -F $B/copy &
      zfs send -i one "$A/data set@two" | send 1402
      wait $!
      same "a/data set" b/copy
      [ "$(zfs get -H -o value guid "$A/data set@two")" = "$(zfs get -H -o value guid $B/copy@two)" ]`)
    expect(ended).toEqual(silence)
  })

  test('a sender that dies: no dataset appears', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      : >said
      { ends 75 zudp-recv -v --one-way --timeout 2s --key key 127.0.0.1:1403 2>said && touch ended; } | zfs receive $B/copy 2>/dev/null &
      receiver=$!
      listen 1403
      zfs send "$A/data set@one" | zudp-send --one-way --rate 1M --key key 127.0.0.1:1403 &
      until grep -q began said; do sleep 0.1; done
      kill -9 $!
      wait $receiver || true
      ends 1 zfs list $B/copy
      [ -e ended ]`)
    expect(ended).toMatchObject({ status: 0, stdout: '' })
  })
})
