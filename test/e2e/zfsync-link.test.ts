import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

// Sender and receiver in network namespaces of their own, with a link between; the pools are the same for both.
const twoHosts = (timeout: string) => `
  mkdir -p /run/netns
  for each in here there; do ip netns add $each; ip -n $each link set lo up; done
  ip link add link0 netns here type veth peer name link1 netns there
  ip -n here addr add 10.0.0.1/24 dev link0; ip -n here link set link0 up
  ip -n there addr add 10.0.0.2/24 dev link1; ip -n there link set link1 up
  here() { nsenter --net=/run/netns/here "$@"; }
  link() { ip -n there link set link1 "$1"; }
  zfsync-recv --new-key key
  nsenter --net=/run/netns/there zfsync-recv -v --listen 10.0.0.2:8023 --key key --timeout ${timeout} $B/copy >log 2>&1 & server=$!
  trap 'kill $server 2>/dev/null || true' EXIT
  until grep -qs listening log; do sleep 0.05; done
  send() { here zfsync-send -q --connect 10.0.0.2:8023 --key key --timeout ${timeout} "$@" $A/data; }
`
const make = `
  zfs create $A/data; for i in 1 2 3; do zfs create $A/data/c$i; head -c 4000000 /dev/urandom >a/data/c$i/large; done
  zfs snapshot -r $A/data@s1
`
const identical = `
  diff <(zfs get -Hp -r -o name,value guid $A/data | grep @ | sed 's/^[^@]*//' | sort) \
    <(zfs get -Hp -r -o name,value guid $B/copy | grep @ | sed 's/^[^@]*//' | sort)
  zfs list -H -o name -r $B/copy | while read -r each; do zfs mount "$each"; done; same a/data b/copy
`
const inMidStream = `until zfs list -H -o name -r $B | grep -qE '/(c1|2F6331)$'; do sleep 0.05; done; sleep 0.5`

describe('a link that is cut in the middle of a stream', () => {
  test('for some seconds: it goes on', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${twoHosts('60s')}
      send --bwlimit 2M -j 2 & sender=$!
      ${inMidStream}; link down; sleep 4; link up
      wait $sender; ${identical}`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('for good: both give up at their time-out, with 75, and the next run completes', async ({ zfs }) => {
    const ended = await zfs.script(`${make} ${twoHosts('10s')}
      send --bwlimit 1M -j 2 2>said & sender=$!
      ${inMidStream}; link down; SECONDS=0
      ends 75 wait $sender
      # It was heard of up to 3 s before.
      [ $SECONDS -ge 5 ] || echo "after $SECONDS s"
      head -1 said
      until grep -q 'said nothing for 10 seconds' log; do sleep 0.1; done
      while pgrep -f '^zfs receive' >/dev/null; do sleep 0.1; done
      link up; send; ${identical}
      find /var/run/zpipes -type f`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'zfsync-send: the other side has said nothing for 10 seconds\n',
      stderr: '',
    })
  })
})
