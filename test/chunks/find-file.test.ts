import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { findFiles } from '../../src/chunks/find-file.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { sh } from '../fakes/programs.ts'

const find = (folder: string, names: readonly string[], before = new Map()) =>
  findFiles(names, before, (name) => join(folder, name))

test('a file that is as it was is the same; one that changed is another', async () => {
  const folder = temporaryFolder()
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), name)
  const first = await find(folder, ['a', 'gone', 'b'])
  expect([...first.keys()]).toEqual(['a', 'b'])
  writeFileSync(join(folder, 'b'), 'more')
  const second = await find(folder, ['a', 'b'], first)
  expect(second.get('a')).toBe(first.get('a'))
  expect(second.get('b')).toMatchObject({ size: 4 })
})

test('nothing else waits while a look hangs at a server', async (context) => {
  if ((await sh('test -c /dev/fuse && type rclone fusermount')).status !== 0) context.skip('no FUSE, or no rclone')
  const [there, here] = [join(temporaryFolder(), 'there'), join(temporaryFolder(), 'here')]
  for (const folder of [there, here]) mkdirSync(folder)
  writeFileSync(join(there, 'a'), 'a')
  const words = ['mount', '--config', '/dev/null', '--attr-timeout', '0s', there, here]
  const server = spawn('rclone', words, { stdio: 'ignore' })
  onTestFinished(async () => {
    server.kill('SIGCONT')
    await sh(`fusermount -u -z ${here}`)
    server.kill()
  })
  await vi.waitFor(() => expect(readdirSync(here)).toEqual(['a']), { timeout: 10_000, interval: 100 })
  server.kill('SIGSTOP')
  // A program of its own: we might be waiting too.
  const resume = sh(`sleep 1.5; kill -CONT ${server.pid}`)
  const found = find(here, ['a'])
  const beganMs = performance.now()
  await sleep(100)
  expect(performance.now() - beganMs).toBeLessThan(1000)
  expect((await found).get('a')).toMatchObject({ size: 1 })
  await resume
})
