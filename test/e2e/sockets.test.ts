import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { cleanEnvironment, launcherOf, sh } from '../fakes/programs.ts'

/** Runs pput with a TCP connection as its stdin, as inetd does it; `end` ends the other side. */
async function putFromConnection(folder: string, bytes: Uint8Array, end: (peer: Socket) => void): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [stdin] = (await once(server, 'connection')) as [Socket]
  server.close()
  const child = spawn(process.execPath, [launcherOf('pput'), `file://${folder}/k`], {
    stdio: [stdin, 'inherit', 'ignore'],
    env: cleanEnvironment,
  })
  stdin.destroy()
  peer.write(bytes)
  end(peer)
  const [status] = (await once(child, 'close')) as [number]
  return status
}

test('a connection that is ended is an end', async () => {
  const folder = temporaryFolder()
  expect(await putFromConnection(folder, randomBytes(50_000), (peer) => peer.end())).toBe(0)
  expect(Buffer.compare(readFileSync(join(folder, 'k')), randomBytes(50_000))).toBe(0)
})

test('a connection that is reset is none, though all of it is there to be read', async () => {
  const folder = temporaryFolder()
  expect(await putFromConnection(folder, randomBytes(300_000), (peer) => peer.resetAndDestroy())).toBe(75)
  expect(filesBelow(folder)).toEqual([])
})

test('a pipe of packets gives all of them', async () => {
  const folder = temporaryFolder()
  const program = `import os,subprocess
r, w = os.pipe2(os.O_DIRECT)
for i in range(10): os.write(w, b"x" * 1000)
os.close(w)
os._exit(subprocess.call(["pput", "file://${folder}/k"], stdin=r))`
  expect(await sh(`python3 -c '${program}'`, folder)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(readFileSync(join(folder, 'k'))).toHaveLength(10_000)
})
