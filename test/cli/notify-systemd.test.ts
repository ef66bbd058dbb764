import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { notifySystemd } from '../../src/cli/notify-systemd.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const script = `import socket, sys, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1].replace('@', '\\0', 1)); open(sys.argv[2], 'w').close()
while True: open(sys.argv[2], 'ab', 0).write(s.recv(4096) + b'\\n')`

const hasPython = spawnSync('python3', ['--version']).status === 0

test.skipIf(!hasPython).each(['socket', '@zpipes-test'])('a socket gets the state: %s (python3)', async (kind) => {
  const folder = temporaryFolder()
  const [name, got] = [kind === 'socket' ? join(folder, 'socket') : `${kind}-${process.pid}`, join(folder, 'got')]
  const listener = spawn('python3', ['-c', script, name, got])
  onTestFinished(() => void listener.kill())
  await vi.waitFor(() => expect(existsSync(got)).toBe(true), { timeout: 20_000 })
  expect(notifySystemd('READY=1', name)).toBe(true)
  expect(notifySystemd('STOPPING=1', name)).toBe(true)
  await vi.waitFor(() => expect(readFileSync(got, 'utf8')).toBe('READY=1\nSTOPPING=1\n'), { timeout: 20_000 })
})

test('where nobody listens that is told; where nobody waits there is nothing to tell', () => {
  expect(notifySystemd('READY=1', '/nowhere/socket')).toBe(false)
  expect(notifySystemd('READY=1', `/${'long'.repeat(50)}`)).toBe(false)
  expect(notifySystemd('READY=1', '')).toBe(true)
})
