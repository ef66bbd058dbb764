import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

const make = `
  zfs create $A/data
  for i in 1 2 3; do zfs create $A/data/c$i; head -c 3000000 /dev/urandom >a/data/c$i/large; done
  zfs snapshot -r $A/data@s1
  zfsync-recv --new-key key
`
const serve = (words = '', start = '') => `
  rm -f log; ${start} zfsync-recv -v --key key ${words} $B/copy >log 2>&1 & server=$!
  trap 'kill -9 $server 2>/dev/null || true' EXIT
  until grep -qs listening log; do sleep 0.05; done
  address=$(sed -n 's/.*listening on //p' log)
`
const send = (words = '') => `zfsync-send -q --key key --connect $address ${words} $A/data`
const snapshots = 'zfs list -H -o name -t snapshot -r $B'
const all = ['', '/c1', '/c2', '/c3'].map((path) => `pool-b/copy${path}@s1\n`).join('')

describe('a signal', () => {
  // With the slower one, it is asked for holds before the next dataset.
  test.for(['700K', '400K'])(
    'at %s lets what is being received come to its end, and nothing after it; the next run completes',
    async (rate, { zfs }) => {
      const ended = await zfs.script(`${make} ${serve('--listen 127.0.0.1:0 --grace 100s')}
      ${send(`--bwlimit ${rate}`)} 2>said & sender=$!
      until pgrep -f '^zfs receive.*c1' >/dev/null; do sleep 0.05; done
      kill $server; ends 143 wait $server
      ends 75 wait $sender; cat said; ${snapshots}
      ${serve('--listen 127.0.0.1:0')} ${send()}; ${snapshots}`)
      expect(ended).toEqual({
        status: 0,
        stdout: `zfsync-send: the receiver is being stopped
zfsync-send: no connection is left: 1 of 4 datasets were not tried
${all.slice(0, all.indexOf('pool-b/copy/c2'))}${all}`,
        stderr: '',
      })
    },
  )

  test('is told to whoever has connected, and has said nothing yet', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv -v --insecure --listen 127.0.0.1:0 $B/copy >log 2>&1 & server=$!
      trap 'kill -9 $server 2>/dev/null || true' EXIT
      until grep -qs listening log; do sleep 0.05; done
      address=$(sed -n 's/.*listening on //p' log)
      exec 3<>"/dev/tcp/127.0.0.1/\${address##*:}"
      # Who comes after it is served: so it has been let in.
      zfsync-send -q --insecure --connect $address --dry-run $A/data >/dev/null
      kill $server; tr -cd '[:print:]' <&3 >said & peer=$!; ends 143 wait $server
      ends 0 wait $peer; grep -o 'the receiver is being stopped' said
      sed -n 's/127.0.0.1:[0-9]*: //p' log`)
    expect(ended).toEqual({
      status: 0,
      stdout: 'the receiver is being stopped\nzfsync-recv: the receiver is being stopped\n',
      stderr: '',
    })
  })

  test('without grace, and a second one, end all at once; the next run completes', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      interrupted() {
        ${send('--bwlimit 200K')} 2>/dev/null & sender=$!
        until pgrep -f '^zfs receive.*c1' >/dev/null; do sleep 0.05; done
        "$@"; ends 143 wait $server
        ends 75 wait $sender; ${snapshots}
      }
      ${serve('--listen 127.0.0.1:0 --grace 0s')} interrupted kill $server
      twice() { kill $server; sleep 1; kill -0 $server; kill $server; }
      ${serve('--listen 127.0.0.1:0 --grace 100s')} interrupted twice
      ${serve('--listen 127.0.0.1:0')} ${send()}; ${snapshots}`)
    expect(ended).toEqual({ status: 0, stdout: `pool-b/copy@s1\npool-b/copy@s1\n${all}`, stderr: '' })
  })
})

describe('a service', () => {
  test('gets what --bwlimit allows to the whole run, and each worker its share', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      zfsync-recv -v --key key --listen 127.0.0.1:0 $B/copy \
        2> >(while read -r line; do echo "$EPOCHREALTIME $line"; done >log) & server=$!
      trap 'kill -9 $server 2>/dev/null || true' EXIT
      until grep -qs listening log; do sleep 0.05; done
      address=$(sed -n 's/.*listening on //p' log)
      echo $EPOCHREALTIME; ${send('-j 4 --bwlimit 3M')}
      sed -n 's/ zfsync-recv: .*: received$//p' log`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const [start = 0, root = 0, first = 0, , last = 0] = ended.stdout.trim().split('\n').map(Number)
    // One after the other, the first would be done after a third of the time.
    expect((first - root) / (last - root)).toBeGreaterThan(0.5)
    expect(last - start).toBeGreaterThan((9_000_000 / (3 * 2 ** 20)) * 0.9)
  })

  test('receives as many at the same time as --max-receives says, and has the others wait', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      mkdir bin; cat >bin/zfs <<END
#!/bin/bash
if [ "\\$1" = receive ] && [ \\$# -gt 1 ]; then
  mkdir $PWD/receiving || echo 'two at once' >>$PWD/wrong
  $(command -v zfs) "\\$@"; status=\\$?
  rmdir $PWD/receiving; echo >>$PWD/count; exit \\$status
fi
exec $(command -v zfs) "\\$@"
END
      chmod +x bin/zfs
      ${serve('--listen 127.0.0.1:0 --max-receives 1', 'env PATH="$PWD/bin:$PATH"')}
      ${send('-j 4')}; ${snapshots}; wc -l <count; cat wrong 2>/dev/null || true`)
    expect(ended).toEqual({ status: 0, stdout: `${all}4\n`, stderr: '' })
  })

  test('takes the socket that systemd has opened', async ({ zfs }) => {
    const ended = await zfs.script(`${make}
      cat >activate <<'END'
import os, socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print('listening on 127.0.0.1:%d' % listener.getsockname()[1], file=sys.stderr)
if listener.fileno() == 3: os.set_inheritable(3, True)
else: os.dup2(listener.fileno(), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
os.execvp(sys.argv[1], sys.argv[1:])
END
      ${serve('--listen systemd', 'python3 activate')} address=\${address%%$'\\n'*}
      ${send()}; ${snapshots}; kill $server; ends 143 wait $server
      ends 64 zfsync-recv --listen systemd --key key $B/copy 2>&1`)
    expect(ended).toEqual({
      status: 0,
      stdout: `${all}zfsync-recv: systemd has given us no socket, one is needed
zfsync-recv: hint: start it by a .socket unit with one ListenStream and Accept=no
`,
      stderr: '',
    })
  })
})
