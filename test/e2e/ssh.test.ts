import { spawnSync } from 'node:child_process'
import { describe, expect } from 'vitest'
import { freePort } from '../fakes/free-port.ts'
import { test as base, type ZfsHost } from '../zfs-host/pools.ts'

const lacksSshd = spawnSync('/usr/sbin/sshd', ['-?']).error !== undefined

/** sshd of OpenSSH as it is configured by itself, but for what a test must have; `there` is its name for ssh. */
const sshd = (port: number) => `
  export PORT=${port}; mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f host_key; ssh-keygen -q -t ed25519 -N '' -f own_key
  printf '%s\\n' "Port $PORT" 'ListenAddress 127.0.0.1' "HostKey $PWD/host_key" 'PidFile none' 'StrictModes no' \\
    "AuthorizedKeysFile $PWD/own_key.pub" 'PermitRootLogin yes' "SetEnv PATH=$PATH" >sshd_config
  printf '%s\\n' 'Host *' 'HostName 127.0.0.1' "Port $PORT" "IdentityFile $PWD/own_key" 'BatchMode yes' \\
    "UserKnownHostsFile $PWD/known" 'StrictHostKeyChecking accept-new' >ssh_config
  /usr/sbin/sshd -D -f sshd_config -E sshd_log & sshd=$!
  trap 'kill $sshd' EXIT
  until ssh -F ssh_config there true 2>/dev/null; do sleep 0.05; done
  ssh="ssh -F $PWD/ssh_config there"
`
const make = `
  zfs create $A/data; fill a/data 300000
  for each in 1 2 3 4 5 6 7 8 9 10 11 12; do zfs create $A/data/$each; fill a/data/$each 100000; done
  zfs snapshot -r $A/data@s1
`
const guidsOf = (root: string) => `zfs get -Hp -r -o name,value guid ${root} | grep @ | sed 's#^[^/]*/[^/@]*##' | sort`
const same = (root: string) => `diff <(${guidsOf('$A/data')}) <(${guidsOf(root)})`
const well = { status: 0, stdout: '', stderr: '' }

const test = base.extend<{ run: (script: string) => ReturnType<ZfsHost['script']> }>({
  run: async ({ zfs, skip }, use) => {
    if (lacksSshd) skip('sshd is not installed')
    await use(async (script) => {
      const ended = await zfs.script(`${sshd(await freePort())}${script}`)
      // ssh ends its lines as a terminal wants them.
      return { ...ended, stdout: ended.stdout.replaceAll('\r', '') }
    })
  },
})

describe('by a real ssh', () => {
  test('a tree goes there, and comes from there', async ({ run }) => {
    const ended = await run(`${make}
      zfsync-send -q -j 4 --via "$ssh zfsync-recv $B/pushed" $A/data; ${same('$B/pushed')}
      zfsync-recv -q --via "$ssh zfsync-send $A/data" $B/pulled; ${same('$B/pulled')}`)
    expect(ended).toEqual(well)
  })

  test('more ways at once than sshd takes of strangers', async ({ run }) => {
    const ended = await run(`${make} zfsync-send -q -j 13 --via "$ssh zfsync-recv $B/pushed" $A/data 2>said || cat said
      zfsync-send -q -j 13 --via "$ssh zfsync-recv $B/pushed" $A/data; ${same('$B/pushed')}`)
    expect(ended).toEqual(well)
  })

  test('what keeps from a connection is told: 69', async ({ run }) => {
    const ended = await run(`zfs create $A/data; zfs snapshot $A/data@1
      ends 69 zfsync-send --via "$ssh no-such-program" $A/data 2>&1
      ends 69 zfsync-send --via "ssh -p 1 -F ssh_config there zfsync-recv $B/copy" $A/data 2>&1
      mv own_key.pub elsewhere
      ends 69 zfsync-send --via "ssh -F ssh_config there zfsync-recv $B/copy" $A/data 2>&1`)
    expect(ended.stdout.replace(/'ssh.*'/g, "'ssh …'")).toBe(`bash: line 1: no-such-program: command not found
zfsync-send: 'ssh …' ended with status 127
ssh: connect to host 127.0.0.1 port 1: Connection refused
zfsync-send: 'ssh …' ended with status 255
root@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).
zfsync-send: 'ssh …' ended with status 255
`)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
  })

  test('a connection that is cut: 75, and the same command completes the work', async ({ run }) => {
    const ended = await run(`zfs create $A/data; fill a/data 60000000; zfs snapshot $A/data@1
      send() { zfsync-send -q "$@" --via "$ssh zfsync-recv $B/copy" $A/data; }
      # The connections of the one that listens.
      (sleep 3; pkill -KILL -P $sshd) & ends 75 send --bwlimit 10M 2>&1
      send; zfs set canmount=on $B/copy; zfs mount $B/copy; same a/data b/copy`)
    const said = /^Connection to 127.0.0.1 closed by remote host.\nzfsync-send: 'ssh .*' ended with status 255\n$/
    expect(ended).toEqual({ status: 0, stdout: expect.stringMatching(said), stderr: '' })
  })

  test('dsync copies there, and from there', async ({ run }) => {
    const ended = await run(`mkdir src; fill src 200000
      dsync -q -n 3 --ssh "ssh -F $PWD/ssh_config" --working-dir w1 src/ there:$PWD/far; same src far
      dsync -q -n 3 --ssh "ssh -F $PWD/ssh_config" --working-dir w2 there:$PWD/far/ back; same src back
      echo there >hosts; dsync -q -n 3 --ssh "ssh -F $PWD/ssh_config" --hosts hosts --working-dir w3 $PWD/src/ $PWD/by; same src by`)
    expect(ended).toEqual(well)
  })
})
