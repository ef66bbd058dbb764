import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { sh } from '../fakes/programs.ts'

const lacksNamespaces = spawnSync('unshare', ['--mount', '--net', 'true']).status !== 0
const hosts = `127.0.0.1 localhost both.test
::1 both.test
127.0.0.2 two.test
127.0.0.3 two.test
`

/** Runs a command line where names have the addresses above, alone on a network of its own; `$PORT` is a port. */
async function where(commandLine: string, prepare = '') {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'hosts'), hosts)
  writeFileSync(join(folder, 'in'), randomBytes(5_000_000))
  const setUp = `mount --bind hosts /etc/hosts; ip link set lo up; ${prepare}zudp-send --new-key key`
  writeFileSync(join(folder, 'script'), `set -e; ${setUp}; set +e; ${commandLine}`)
  return sh('unshare --mount --net bash script', folder, { PORT: String(await freePort()) })
}

const whole = { status: 0, stdout: '', stderr: '' }
const sent = (name: string) => `zudp-send --key key ${name}:$PORT <in && wait $! && cmp in out`

describe.skipIf(lacksNamespaces)('a name with several addresses: the one is taken that answers', () => {
  it.each([
    ['both.test', '127.0.0.1'],
    ['both.test', '[::1]'],
    ['both.test', ''],
    ['two.test', '127.0.0.2'],
    ['two.test', '127.0.0.3'],
    ['two.test', ''],
  ])('%s, of which the receiver has %s', async (name, host) => {
    expect(await where(`zudp-recv --key key ${host}:$PORT >out & ${sent(name)}`)).toEqual(whole)
  })

  it('also where there is no way to the other', async () => {
    const without6 = 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; '
    expect(await where(`zudp-recv --key key 127.0.0.1:$PORT >out & ${sent('both.test')}`, without6)).toEqual(whole)
  })

  it('says which were called in vain', async () => {
    const { status, stderr } = await where('zudp-send --key key --wait 1s both.test:$PORT <in')
    expect(stderr).toMatch(
      /both\.test:\d+: no receiver answered within 1 s\n.* to (?=.*127\.0\.0\.1:\d+)(?=.*\[::1\]:\d+)/,
    )
    expect(status).toBe(69)
  })
})
