import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** For longer: ZFSYNC_KILLS=50 npx vitest run --config=test/vitest.config.ts --project=faults test/faults/kill-zfsync */
const kills = Number(process.env['ZFSYNC_KILLS'] ?? 8)

const guidsOf = (root: string) =>
  `zfs get -Hp -r -o name,value guid ${root} | grep @ | sed "s#^[^/]*/[^/@]*##" | LC_ALL=C sort`

// Each round changes the tree, kills one of them in the middle of its sync, and goes on.
const rounds = (count: number) => `
  zfs create $A/data; for i in 1 2 3 4; do zfs create $A/data/c$i; done; zfsync-recv --new-key key
  serve() {
    rm -f log; zfsync-recv -v --listen 127.0.0.1:0 --key key $B/copy >log 2>&1 & server=$!
    until grep -qs listening log; do sleep 0.05; done
    address=$(sed -n 's/.*listening on //p' log)
  }
  trap 'kill -9 $server 2>/dev/null || true' EXIT
  victim() { pgrep -f "$1" | shuf -n 1 || true; }
  send() { zfsync-send -q -j 3 --connect $address --key key "$@" $A/data; }
  serve; RANDOM=6; killed=0
  for round in $(seq 100000); do
    [ $killed -lt ${count} ] || break
    for i in 1 2 3 4; do head -c 300000 /dev/urandom >a/data/c$i/f$((RANDOM % 3)); done
    zfs snapshot -r $A/data@s$round
    send --bwlimit 2M >/dev/null 2>&1 & sender=$!
    sleep 0.$((RANDOM % 9 + 1))
    case $((RANDOM % 4)) in 0) victim=$sender;; 1) victim=$server;; 2) victim=$(victim '^zfs send');; 3) victim=$(victim '^zfs receive');; esac
    if [ -n "$victim" ] && kill -0 $sender 2>/dev/null && kill -9 $victim 2>/dev/null; then killed=$((killed + 1)); fi
    wait $sender 2>/dev/null || true
    kill -0 $server 2>/dev/null || serve
  done
  # What was cut off may still be ending.
  for try in $(seq 20); do send 2>said && break; sleep 0.5; done
  diff <(${guidsOf('$A/data')}) <(${guidsOf('$B/copy')})
  zfs list -H -o name -r $B/copy | while read -r each; do zfs mount "$each"; done; same a/data b/copy
  kill $server; ends 143 wait $server
  echo "$killed killed; left: $(find /var/run/zpipes -type f | wc -l) locks, $(zfs list -H -o name -r $B | grep -vcE '^pool-b(/copy(/c[1-4])?)?$')"
`

test(`P3: ${kills} kills of either end at random, over TCP: the next run completes`, { timeout: 1_200_000 }, async ({
  zfs,
}) => {
  const ended = await zfs.script(rounds(kills))
  expect(ended, ended.stderr).toMatchObject({ status: 0 })
  expect(ended.stdout).toBe(`${kills} killed; left: 0 locks, 0\n`)
})

const victims = {
  send: '^[^ ]*node [^ ]*/zfsync-send',
  recv: '^[^ ]*node [^ ]*/zfsync-recv',
  zfs: '^zfs receive',
} as const

describe('P3: killed', () => {
  test.for(Object.entries(victims))(
    'kill -9 of %s at random, through a command: the next run completes',
    { timeout: 120_000 },
    async ([, pattern], { zfs }) => {
      const ended = await zfs.script(`
      zfs create $A/data; for i in 1 2 3; do zfs create $A/data/c$i; done
      for round in $(seq 4); do
        for i in 1 2 3; do head -c 1000000 /dev/urandom >a/data/c$i/f$((RANDOM % 3)); done
        zfs snapshot -r $A/data@s$round
        zfsync-send -q -j 2 --bwlimit 2M --via "zfsync-recv $B/copy" $A/data >/dev/null 2>&1 & sender=$!
        until pgrep -f '${pattern}' >/dev/null || ! kill -0 $sender 2>/dev/null; do sleep 0.02; done
        sleep 0.$((RANDOM % 8))
        pkill -9 -f '${pattern}' && echo killed >>kills || true
        wait $sender 2>/dev/null || true
      done
      for try in 1 2 3; do zfsync-send -q --via "zfsync-recv $B/copy" $A/data && break; sleep 1; done
      diff <(${guidsOf('$A/data')}) <(${guidsOf('$B/copy')})
      zfs list -H -o name -r $B/copy | while read -r each; do zfs mount "$each"; done
      same a/data b/copy
      [ "$(wc -l <kills)" -ge 2 ]
      zfs list -H -o name -r $B | wc -l; find /var/run/zpipes -type f | wc -l`)
      expect(ended, ended.stderr).toMatchObject({ status: 0 })
      expect(ended.stdout).toBe('5\n0\n')
    },
  )
})
