import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const names = 'zfs list -H -o name -t snapshot -r'

describe('the base of the next increment', () => {
  test('outlives zsnap prune on both sides, right after a sync', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs create $A/data/c; fill a/data/c/1 50000
      sync() { zfsync-send -q --via "zfsync-recv $B/copy" $A/data; }
      # Three snapshots that are of no use, then what cron does.
      take() { zsnap create -r --prefix hourly $A/data >/dev/null; }
      take; sync; take; sync; take; sync
      take
      # Whatever the rules say, and with the newest of all on the sender only.
      for each in $A/data $B/copy; do zsnap prune -r --keep-last 1 --prefix hourly $each 2>/dev/null; done
      for each in $A/data $A/data/c $B/copy $B/copy/c; do ${names} -d 1 $each | wc -l; done
      ends 1 zfs destroy "$(${names} $B/copy/c)" 2>/dev/null
      fill a/data/c/2 1000; take
      zfsync-send --via "zfsync-recv $B/copy" $A/data | grep -c ' @hourly.* @hourly.*updated'
      zsnap prune -r --keep-last 1 --prefix hourly $B/copy; ${names} -d 1 $B/copy/c | wc -l`)
    expect(ended).toEqual({ status: 0, stdout: '2\n2\n1\n1\n2\n1\n', stderr: '' })
  })

  test('is held once, also after kills; not at all with --no-hold and --no-bookmark', async ({ zfs }) => {
    const held = (root: string) => `zfs get -Hp -r -o name,value userrefs ${root} | grep @ | grep -cv '\\b0$' || true`
    const ended = await zfs.script(`
      zfs create $A/data; zfs snapshot $A/data@1; zfs snapshot $A/data@2
      sync() { zfsync-send -q \${2-} --via "zfsync-recv \${1-} $B/copy" $A/data; }
      sync --no-hold --no-bookmark; ${held('$B/copy')}; ${held('$A/data')}
      # As killed runs leave them.
      zfs hold zfsync $B/copy@1; zfs hold zfsync $B/copy@2
      zfs snapshot $A/data@3; sync; ${held('$B/copy')}; ${held('$A/data')}
      zfs snapshot $A/data@4; sync; zfs release zfsync $B/copy@4; ${held('$B/copy')}`)
    expect(ended).toEqual({ status: 0, stdout: '0\n0\n1\n1\n0\n', stderr: '' })
  })
})

describe('a replica', () => {
  test('is the same one from another container, and under another host name', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data
      sync() { zfs snapshot $A/data@$1; zfsync-send -q --via "$2" $A/data; }
      printf '#!/bin/sh\nhostname "$1"; exec zfsync-recv $B/copy\n' >contained; chmod +x contained
      for n in 1 2 3; do sync $n "unshare --uts --pid --fork $PWD/contained host$n"; done
      sync 4 "zfsync-recv $B/copy"
      # All are marks of one receiver, and only the newest is left.
      for n in 1 2 3 4; do zfs get -Hp -o value userrefs $A/data@$n; done
      # Another replica has one of its own, though it began as a copy of the first with all its properties.
      zfs send -R $B/copy@4 | zfs receive -u $B/copy2
      sync 5 "zfsync-recv $B/copy2"; sync 6 "zfsync-recv $B/copy"
      for n in 4 5 6; do zfs get -Hp -o value userrefs $A/data@$n; done`)
    expect(ended).toEqual({ status: 0, stdout: '0\n0\n0\n1\n0\n1\n1\n', stderr: '' })
  })
})

describe('what has come and is held later', () => {
  const held = (snapshot: string) => `$(zfs get -Hp -o value userrefs ${snapshot})`

  test('is held when the sender is killed before it asks', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs create $A/data/c; zfs snapshot -r $A/data@1
      sync() { zfsync-send -q --via "zfsync-recv $B/copy" "$@" $A/data; }
      sync; fill a/data/c/1 3000000; zfs snapshot -r $A/data@2
      sync --bwlimit 200K 2>/dev/null & sender=$!
      until zfs list $B/copy@2 >/dev/null 2>&1; do sleep 0.05; done
      pkill -9 -f '^[^ ]*node [^ ]*/zfsync-send'; wait $sender || true
      until [ ${held('$B/copy@2')}${held('$B/copy@1')} = 10 ]; do sleep 0.05; done
      # The sender has not heard of it, and keeps both.
      echo ${held('$A/data@1')} ${held('$A/data@2')}
      for try in 1 2 3; do sync 2>/dev/null && break; sleep 1; done; zfs snapshot -r $A/data@3; sync
      for each in $A/data $B/copy; do echo ${held('$each@1')} ${held('$each@2')} ${held('$each@3')} ${held('$each/c@3')}; done`)
    expect(ended).toEqual({ status: 0, stdout: '1 1\n0 0 1 1\n0 0 1 1\n', stderr: '' })
  })

  test('takes two calls of zfs for each of many datasets, and few beside', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; for i in $(seq 19); do zfs create -o canmount=off $A/data/c$i; done
      zfs snapshot -r $A/data@1; sync() { zfsync-send -q -j 2 --via "zfsync-recv $B/copy" $A/data; }
      sync; zfs snapshot -r $A/data@2
      mkdir bin; printf '#!/bin/sh\\necho "$1 $#" >>%s/calls\\nexec %s "$@"\\n' "$PWD" "$(command -v zfs)" >bin/zfs; chmod +x bin/zfs
      PATH="$PWD/bin:$PATH" sync
      # Without further words it tells what it can do, to each of three.
      grep -vE '^(hold|release) |^(send|receive) 1$' calls | cut -d ' ' -f 1 | sort | uniq -c | sed 's/^ *//'
      for each in $A/data $B/copy; do zfs get -Hp -r -o name,value userrefs $each | grep '@.*1$' | sed 's/.*@//' | sort | uniq -c | sed 's/^ *//'; done
      [ "$(grep -cE '^(hold|release) ' calls)" -lt 40 ]`)
    expect(ended).toEqual({
      status: 0,
      stdout: '1 bookmark\n2 get\n2 list\n20 receive\n20 send\n20 2\t1\n20 2\t1\n',
      stderr: '',
    })
  })
})

describe("others' holds", () => {
  test('of newer snapshots do not set the base free', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs snapshot $A/data@1; zfs snapshot $A/data@2
      sync() { zfsync-send -q --via "zfsync-recv $B/copy" $A/data; }
      sync; zfs snapshot $B/copy@mine; zfs hold keep $B/copy@mine
      ends 73 sync 2>/dev/null; ends 73 sync 2>/dev/null
      for each in 2 mine; do zfs get -Hp -o value userrefs $B/copy@$each; done
      # Each has one hold, and it is of the tag that it was given.
      zfs release zfsync $B/copy@2; zfs release keep $B/copy@mine`)
    expect(ended).toEqual({ status: 0, stdout: '1\n1\n', stderr: '' })
  })
})

describe('properties that are sent', () => {
  test('are none that takes space from others or keeps streams out', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create -o quota=300M -o reservation=20M -o atime=off $A/data; zfs snapshot $A/data@1
      sync() { zfsync-send -q -p --via "zfsync-recv $* $B/copy" $A/data; }
      sync; zfs get -H -o value atime,quota,reservation $B/copy | paste -s
      zfs set quota=310M $A/data; zfs snapshot $A/data@2
      sync; zfs get -H -o value atime,quota,reservation $B/copy | paste -s
      unhold $B/copy; destroy -r $B/copy
      sync -o quota=50M; zfs get -H -o value quota,reservation $B/copy | paste -s`)
    expect(ended).toEqual({ status: 0, stdout: 'off\tnone\tnone\noff\tnone\tnone\n50M\tnone\n', stderr: '' })
  })
})

describe('50 datasets with 5 snapshots', () => {
  test('in sync cost one listing on each side, and no other call of zfs', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; for i in $(seq 49); do zfs create -o canmount=off $A/data/c$i; done
      for i in 1 2 3 4 5; do zfs snapshot -r $A/data@s$i; done
      # Another tool's replica: what is compared is ours alone to know.
      zfs send -R $A/data@s5 | zfs receive -u $B/copy
      mkdir bin; printf '#!/bin/sh\\necho "$1 $2" >>%s/calls\\nexec %s "$@"\\n' "$PWD" "$(command -v zfs)" >bin/zfs; chmod +x bin/zfs
      PATH="$PWD/bin:$PATH" zfsync-send --via "zfsync-recv $B/copy" $A/data | sed 's/(.*)//'
      sort calls | uniq -c | sed 's/^ *//'`)
    expect(ended).toEqual({
      status: 0,
      // zfs-fuse refuses the list, and is asked by get.
      stdout: 'pool-a/data to pool-b/copy: 0 brought up to date , 50 unchanged, 0 failed\n2 get -Hp\n2 list -Hp\n',
      stderr: '',
    })
  })
})

describe('monitoring', () => {
  const flags = `(cd flags && for each in *; do [ -e "$each" ] && echo "$each: $(cat "$each")"; done; true)`
  test('what failed is told, too, by a sender that was called', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs snapshot $A/data@1; zfs create $B/copy
      ends 73 zfsync-recv --via "zfsync-send --metrics metrics $A/data" $B/copy 2>/dev/null
      grep -E '^zpipes_sync_(in_sync|failed)' metrics | cut -d' ' -f2`)
    expect(ended).toEqual({ status: 0, stdout: '0\n1\n', stderr: '' })
  })

  test('of what went into a file nobody knows that it has arrived', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs snapshot $A/data@1
      mkdir flags; echo lost >flags/pool-a%2Fdata
      send() {
        zfsync-recv --inventory $B/copy >have
        zfsync-send --have have --status flags --metrics metrics $A/data >streams
        ls flags; grep -c ^zpipes_sync_in_sync metrics || :
      }
      send; zfsync-recv $B/copy <streams; send`)
    expect(ended).toEqual({ status: 0, stdout: 'pool-a%2Fdata\n0\n1\n', stderr: '' })
  })

  test('--status keeps a file for what failed, --metrics tells of all', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs create "$A/data/c d"; zfs create $A/data/e; zfs snapshot $A/data@1; zfs snapshot "$A/data/c d@1"
      mkdir flags; echo other >flags/not-ours
      sync() { zfsync-send -q --status flags --metrics metrics --via "\${1:-zfsync-recv $B/copy}" $A/data; }
      ends 69 sync 2>/dev/null; ${flags}; grep -E '^zpipes_sync_(in_sync|sent_bytes)' metrics | sed 's/.*{.*dataset=/{/'; grep -c '^zpipes_sync_failed.* 1$' metrics
      zfs snapshot $A/data/e@1; ends 69 sync 'exit 3' 2>/dev/null; ${flags}
      sync; ${flags}; grep -c '^zpipes_sync_in_sync.* 1$' metrics`)
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    expect(ended.stdout).toMatch(
      new RegExp(
        [
          '^not-ours: other',
          'pool-a%2Fdata%2Fe: pool-a/data/e: has no snapshot to send',
          '{"pool-a/data"} 1',
          '{"pool-a/data/c d"} 1',
          '{"pool-a/data/e"} 0',
          '{"pool-a/data"} \\d+',
          '{"pool-a/data/c d"} \\d+',
          '{"pool-a/data/e"} 0',
          '1',
          'not-ours: other',
          "pool-a%2Fdata: 'exit 3' ended with status 3",
          'pool-a%2Fdata%2Fe: pool-a/data/e: has no snapshot to send',
          'not-ours: other',
          '3',
          '$',
        ].join('\n'),
      ),
    )
  })

  test('of several failures, the worst tells the status', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create $A/data; zfs create $A/data/c; zfs create $A/data/e
      zfs snapshot $A/data@1; zfs snapshot $A/data/c@1; zfs snapshot $A/data/e@1
      sync() { zfsync-send -q --via "zfsync-recv $B/copy" $A/data; }
      sync; unhold $B/copy/c; destroy -r $B/copy/c; zfs create $B/copy/c; zfs snapshot $B/copy/c@other
      # 69 comes after 73.
      zfs create $A/data/d; ends 73 sync 2>&1 | grep -v hint`)
    expect(ended).toMatchObject({
      status: 0,
      stdout: `zfsync-send: pool-a/data/d: has no snapshot to send
zfsync-send: pool-b/copy/c: the receiver's newest snapshot, @other, and all before it are not of pool-a/data/c
`,
      stderr: '',
    })
  })
})

describe('the example of four nested datasets', () => {
  const tree = `
    zfs create $A/home; zfs create $A/home/sender; zfs create $B/receiver
    for each in local local/test1 local/test1/test1.1 local/test1/test1.1/test1.1.1; do zfs create $A/home/sender/$each; fill a/home/sender/$each/files 20000; done
    zfs create $A/home/other
  `
  test('arrives over two connections, children before parents, and is renamed into place', async ({ zfs }) => {
    const ended = await zfs.script(`${tree}
      zsnap create -r $A/home/sender/local >/dev/null
      # Each but the deepest is slow to be received: what is below comes first.
      mkdir bin; cat >bin/zfs <<END
#!/bin/bash
case "\\$1 \\\${!#}" in
  "rename "*) echo "\\$2 \\$3" >>$PWD/renames;;
  "receive "*2F7465737431) sleep 1;;
  "receive "*/remote) sleep 2;;
esac
exec $(command -v zfs) "\\$@"
END
      chmod +x bin/zfs
      PATH="$PWD/bin:$PATH" zfsync-send -q -j 2 --via "zfsync-recv $B/receiver/remote" $A/home/sender/local
      cat renames; zfs list -H -o name -r $B
      diff <(${names} $A/home/sender/local | sed 's/.*local//') <(${names} $B/receiver/remote | sed 's/.*remote//')
      for each in "" /test1 /test1/test1.1 /test1/test1.1/test1.1.1; do zfs mount $B/receiver/remote$each; done
      same a/home/sender/local b/receiver/remote`)
    expect(ended.stderr).toBe('')
    const [buffer, remote] = ['pool-b/receiver/remote.zfsyncbuffer', 'pool-b/receiver/remote']
    expect(ended.stdout).toBe(
      `${buffer}/2F7465737431 ${remote}/test1
${buffer}/2F74657374312F74657374312E31 ${remote}/test1/test1.1
${buffer}/2F74657374312F74657374312E312F74657374312E312E31 ${remote}/test1/test1.1/test1.1.1
pool-b
pool-b/receiver
${remote}
${remote}/test1
${remote}/test1/test1.1
${remote}/test1/test1.1/test1.1.1
`,
    )
    expect(ended.status).toBe(0)
  })

  test('goes on by a line of cron: snapshots, sync, pruning; again and again', async ({ zfs }) => {
    const ended = await zfs.script(`${tree} zfsync-recv --new-key key
      rm -f log; zfsync-recv -v --listen 127.0.0.1:0 --key key $B/receiver/remote >log 2>&1 & server=$!
      trap 'kill $server 2>/dev/null || true' EXIT
      until grep -qs listening log; do sleep 0.05; done
      address=$(sed -n 's/.*listening on //p' log); local=$A/home/sender/local
      for round in 1 2 3 4; do
        fill a/home/sender/local/test1/round$round 1000
        zsnap create -r $local >/dev/null && zfsync-send -q -j 2 --connect $address --key key $local && zsnap prune -r $local --keep-last 2
      done
      for each in $local $B/receiver/remote; do ${names} -d 1 $each/test1 | wc -l; done
      zsnap prune -r $B/receiver/remote --keep-last 3; ${names} -d 1 $B/receiver/remote/test1 | wc -l
      for each in "" /test1 /test1/test1.1 /test1/test1.1/test1.1.1; do zfs mount $B/receiver/remote$each; done
      same a/home/sender/local b/receiver/remote`)
    expect(ended).toEqual({ status: 0, stdout: '2\n4\n3\n', stderr: '' })
  })
})
