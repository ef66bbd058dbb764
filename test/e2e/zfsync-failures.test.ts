import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { root, runProgram, sh, start } from '../fakes/programs.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

const vector = (name: string) => join(root, 'test/vectors/tls', name)

/** Whoever sits on the way, with a certificate that some authority has signed which all programs of this machine believe. */
async function impostor() {
  const said: Buffer[] = []
  const files = { cert: readFileSync(vector('localhost.pem')), key: readFileSync(vector('localhost-key.pem')) }
  const server = createServer(files, (socket) => {
    socket.on('data', (bytes) => said.push(bytes)).on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, said }
}

it('P8: nothing is said to one without the key, though a public authority has signed its certificate', async () => {
  const folder = temporaryFolder()
  const key = join(folder, 'key')
  await runProgram('zfsync-recv', ['--new-key', key])
  const rows = ['tank\tfilesystem\t1\t1\t-\toff', 'tank@mon\tsnapshot\t2\t2\t-\toff']
  writeFileSync(join(folder, 'zfs'), `#!/bin/sh\nprintf '${rows.join('\\n')}\\n'\n`, { mode: 0o755 })
  const { port, said } = await impostor()
  const PATH = `${folder}:${process.env['PATH']}`
  const environment = { PATH, NODE_EXTRA_CA_CERTS: vector('localhost.pem') }
  const { child, ended } = start('zfsync-send', ['--connect', `127.0.0.1:${port}`, '--key', key, 'tank'], environment)
  child.stdin.end()
  expect(await ended).toMatchObject({ status: 77, stdout: '' })
  expect(Buffer.concat(said).toString()).toBe('')
  expect((await ended).stderr).toContain(`127.0.0.1:${port} does not take our key\n`)
})

it('what failed is told, and its status, though what came of it cannot be written', async () => {
  const folder = temporaryFolder()
  // Else it may be the first to fail.
  writeFileSync(join(folder, 'zfs'), '#!/bin/sh\nexec sleep 5\n', { mode: 0o755 })
  const words = ['--via', 'exit 3', '--metrics', folder, 'tank']
  const { child, ended } = start('zfsync-send', words, { PATH: `${folder}:${process.env['PATH']}` })
  child.stdin.end()
  expect(await ended).toEqual({
    status: 69,
    stdout: '',
    stderr: `zfsync-send: ${folder}: is no file\nzfsync-send: 'exit 3' ended with status 3\n`,
  })
})

it('a service that has no zfs says so before the first sender comes', async () => {
  const words = ['--insecure', '--listen=127.0.0.1:0', 'backup']
  const hint = existsSync('/usr/sbin/zfs') ? 'it is in /usr/sbin, which is not in PATH' : 'install zfs'
  expect(await start('zfsync-recv', words, { PATH: temporaryFolder() }).ended).toEqual({
    status: 69,
    stdout: '',
    stderr: `zfsync-recv: zfs: no such program\nzfsync-recv: hint: ${hint}\n`,
  })
})

it('a service whose zfs hangs is ended by a signal, and zfs with it', async () => {
  const folder = putZfsInPath('echo $$ >>pids; exec sleep 1000')
  const line = `touch pids; zfsync-recv --insecure --listen=127.0.0.1:0 backup &
    until test $(wc -l <pids) = 2; do sleep 0.05; done
    kill -TERM $!; wait $! || status=$?
    for pid in $(cat pids); do
      for _ in {1..100}; do grep -qs sleep /proc/$pid/cmdline || continue 2; sleep 0.05; done
      echo zfs went on; kill $pid
    done; exit $status`
  expect(await sh(line, folder)).toEqual({ status: 143, stdout: '', stderr: '' })
})
