import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const make = `
  zfs create "$A/data set"; zfs create "$A/data set/c d"; zfs create "$A/data set/c d/deep"
  fill "a/data set/1" 300000; fill "a/data set/c d/1" 200000
  zfs snapshot -r "$A/data set@s1"; fill "a/data set/c d/2" 200000; zfs snapshot -r "$A/data set@s2"
`
const guidsOf = (root: string) =>
  `zfs get -Hp -r -o name,value guid ${root} | grep @ | sed "s#^[^/]*/[^/@]*##" | LC_ALL=C sort`
const sameGuids = (root = '$B/copy') => `diff <(${guidsOf('"$A/data set"')}) <(${guidsOf(root)})`
const more = 'fill "a/data set/more" 100000; zfs snapshot -r "$A/data set@s3"'

describe('pulling', () => {
  test('asks the sender, and tells what fails there', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv --via "zfsync-send '$A/data set'" $B/copy; ${sameGuids()}
      zfs create "$A/data set/empty"; ${more.replace('-r', '')}
      ends 69 zfsync-recv --via "zfsync-send '$A/data set'" $B/copy
      ends 69 zfsync-recv --via "zfsync-send '$A/none'" $B/copy 2>/dev/null`)
    expect(ended).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'zfsync-recv: pool-a/data set/empty: has no snapshot to send\n' +
        'zfsync-recv: hint: zsnap create -r pool-a/data set takes one of every dataset\n',
    })
  })
})

describe('one way', () => {
  test('through a file: what is missing, whole, and read again without harm', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv --inventory $B/copy | zfsync-send --have - "$A/data set" | zfsync-recv $B/copy; ${sameGuids()}
      ${more}
      zfsync-recv --inventory $B/copy >have; zfsync-send --have have "$A/data set" >streams
      zfsync-recv $B/copy <streams; ${sameGuids()}
      zfsync-recv -v $B/copy <streams 2>&1`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const there = ['', '/c d', '/c d/deep'].map((path) => `zfsync-recv: pool-b/copy${path}@s3: is there already\n`)
    expect(ended.stdout).toBe(there.join(''))
  })

  test('P4: cut anywhere: 65, only whole snapshots are there, and the whole file completes them', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv --inventory $B/copy >have; zfsync-send --have have "$A/data set" >streams
      size=$(stat -c %s streams)
      for bytes in 0 5 9 14 60 300 $((size / 4)) $((size / 2)) $((size - 100)) $((size - 5)) $((size - 1)); do
        ends 65 zfsync-recv $B/copy < <(head -c $bytes streams) 2>/dev/null
        # Of what is there, the newest of each dataset is one of the source's, or none is there.
        zfs list -H -t snapshot -o name -r $B/copy 2>/dev/null | sed 's/.*@//' | grep -vxE 's1|s2' || true
      done
      zfsync-recv $B/copy <streams; ${sameGuids()}`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('of another type than they are announced: 76, before anything is received', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create -o mountpoint=$PWD/elsewhere $A/data; fill elsewhere/1 200000; zfs snapshot $A/data@1
      zfsync-recv --inventory $B/copy >have; zfsync-send -p --have have $A/data >streams
      # What a volume cannot have is not refused of one: a file system would bring it.
      LC_ALL=C sed 's/"dataset":"filesystem"/"dataset":"volume"    /' streams >lie
      ! cmp -s streams lie
      ends 76 zfsync-recv $B/copy <lie 2>&1
      ends 1 zfs list $B/copy 2>/dev/null
      zfsync-recv $B/copy <streams; zfs get -H -o source mountpoint $B/copy`)
    expect(ended.stderr).toBe('')
    expect(ended.stdout).toMatch(
      /^zfsync-recv: the stream is of a filesystem, and a volume was announced\n(default|inherited from pool-b)\n$/,
    )
    expect(ended.status).toBe(0)
  })

  test('damaged anywhere: it is found, or does no harm; nothing outside of the root is touched', {
    timeout: 120_000,
  }, async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv --inventory $B/copy >have; zfsync-send --have have "$A/data set" >streams
      zfs create $B/other; zfs snapshot $B/other@mine
      size=$(stat -c %s streams); RANDOM=7; bad=0
      for try in $(seq 16); do
        cp streams damaged
        # The first of every four hits the messages at the beginning.
        if [ $((try % 4)) = 0 ]; then at=$((RANDOM % 400)); else at=$(((RANDOM * 32768 + RANDOM) % size)); fi
        printf "\\\\x$(printf %02x $((RANDOM % 256)))" | dd of=damaged bs=1 seek=$at conv=notrunc 2>/dev/null
        status=0; zfsync-recv --no-hold $B/copy <damaged 2>said || status=$?
        case $status in 0) ;; 64|65|69|73|74|75|76|77) bad=$((bad + 1));; *) cat said; echo "status $status at $at";; esac
        zfs list -H -o name -r $B | grep -vE "^$B(|/other|/copy(.zfsyncbuffer)?(/.*)?)$" || true
        for each in copy copy.zfsyncbuffer; do ! zfs list $B/$each >/dev/null 2>&1 || destroy -r $B/$each; done
      done
      [ $bad -ge 10 ] || echo "only $bad were found"
      zfs list -H -o name -t snapshot $B/other@mine`)
    expect(ended).toEqual({ status: 0, stdout: 'pool-b/other@mine\n', stderr: '' })
  })
})

const serve = (root: string, words: string) => `
  rm -f log; zfsync-recv -v --listen ${words} ${root} >log 2>&1 & server=$!
  trap 'kill $server 2>/dev/null || true' EXIT
  until grep -qs listening log; do sleep 0.05; done
  address=$(sed -n 's/.*listening on //p' log)
`

describe('over TCP', () => {
  test.for(['127.0.0.1:0', '[::1]:0'])('with a key, from %s, several at a time', async (address, { zfs }) => {
    const ended = await zfs.script(`${make} zfsync-recv --new-key key
      ${serve('$B/copy', `${address} --key key`)}
      zfsync-send -q -j 3 --connect "$address" --key key "$A/data set"; ${sameGuids()}
      ${more}; zfsync-send -q --connect "$address" --key key "$A/data set"; ${sameGuids()}`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('P8: nobody without the key: 77; in clear only where both ends ask for it', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv --new-key key; zfsync-recv --new-key other
      ends 73 zfsync-recv --new-key key 2>/dev/null
      ends 64 zfsync-recv --listen 127.0.0.1:0 $B/copy 2>/dev/null
      ${serve('$B/copy', '127.0.0.1:0 --key key')}
      ends 77 zfsync-send --connect $address --key other "$A/data set" 2>&1
      ends 64 zfsync-send --connect $address "$A/data set" 2>/dev/null
      ends 75 zfsync-send --connect $address --insecure "$A/data set" 2>/dev/null
      chmod 644 key; ends 77 zfsync-send --connect $address --key key "$A/data set" 2>/dev/null
      # Whatever is said before the key is proven, nothing is answered or done.
      printf 'zfsync 1\\n\\001\\000\\000\\000\\036{"type":"hello","role":"all"}  ' >hello
      timeout 5 bash -c "exec 3<>/dev/tcp/\${address/://}; cat hello >&3; cat <&3" | tr -d '\\000-\\037\\200-\\377' >answer || true
      ! grep -q inventory answer
      ends 1 zfs list $B/copy 2>/dev/null
      grep -c refused log
      kill $server; ends 143 wait $server
      ${serve('$B/copy', '127.0.0.1:0 --insecure')}
      zfsync-send -q --insecure --connect $address "$A/data set"; ${sameGuids()}`)
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    expect(ended.stdout).toMatch(/does not take our key\nzfsync-send: hint: .*\n3\n$/)
  })

  test('a second sender into the same tree: 75', async ({ zfs }) => {
    const ended =
      await zfs.script(`${make} head -c 20000000 /dev/urandom >"a/data set/large"; zfs snapshot "$A/data set@s3"
      zfsync-send -q --bwlimit 4M --via "zfsync-recv $B/copy" "$A/data set" & first=$!
      until zfs list $B/copy >/dev/null 2>&1; do sleep 0.1; done
      # The same run, as from cron, and another sender's.
      ends 75 zfsync-send -q --via "zfsync-recv $B/copy" "$A/data set" 2>&1
      ends 75 zfsync-send -q --via "exec zfsync-recv $B/copy" "$A/data set" 2>&1
      wait $first; zfsync-send -q --via "zfsync-recv $B/copy" "$A/data set"`)
    expect(ended).toMatchObject({ status: 0 })
    expect(ended.stdout).toMatch(
      /^zfsync-send: sending pool-a\/data set to zfsync-recv pool-b\/copy: another program is at it\nzfsync-send: receiving into pool-b\/copy: another program is at it\nzfsync-send: hint: .*\n$/,
    )
  })
})

test('--inventory moves nothing of what another run is at', async ({ zfs }) => {
  const ended = await zfs.script(`
    zfs create $A/data; zfs create $A/data/a; zfs create $A/data/a/b; zfs snapshot -r $A/data@1
    sync() { zfsync-send -q --via "zfsync-recv --on-diverged=rename $B/copy" $A/data; }
    sync
    zfs snapshot $B/copy/a@own; zfs snapshot -r $A/data@2
    mkdir path; ln -s "$(command -v zfs)" path/real-zfs
    cat >path/zfs <<'END'
#!/bin/sh
case "$1 $3" in
'rename pool-b/copy/a.diverged'*) zfsync-recv --inventory pool-b/copy 2>said || echo "status $?" >>said ;;
esac
exec "$(dirname "$0")/real-zfs" "$@"
END
    chmod +x path/zfs
    PATH="$PWD/path:$PATH" sync
    grep -oE 'another program is at it|^status .*' said
    zfs list -H -o name -r $B/copy | sed 's/-2.*Z/-DATE/'`)
  const names = ['copy', 'copy/a', 'copy/a.diverged-DATE', 'copy/a/b'].map((each) => `pool-b/${each}`)
  const stdout = ['another program is at it', 'status 75', ...names, ''].join('\n')
  expect(ended).toEqual({ status: 0, stdout, stderr: '' })
})
