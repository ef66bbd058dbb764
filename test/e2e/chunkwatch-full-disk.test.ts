import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { sh } from '../fakes/programs.ts'

const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0

test('--split waits while the disk is full, and goes on: nothing is lost', async ({ skip }) => {
  if (!mayMount) skip('there can be no mounts of our own')
  const folder = temporaryFolder()
  // The chunks have 2 MiB of room, the stream is three times as long, and the store is slower than the stream.
  const inside = `mount -t tmpfs -o size=2M tmpfs chunks
    chunkwatch -q --bwlimit 4M --split 256K --name c. chunks file://$PWD/store < stream || exit
    cp chunks/files.* .; ls chunks`
  const ended = await sh(
    `mkdir chunks store; head -c 6M /dev/urandom > stream; unshare --mount sh -c '${inside}'`,
    folder,
  )
  expect(ended).toMatchObject({ status: 0, stdout: 'files.manifest\nfiles.md5\n' })
  expect(ended.stderr).toMatch(/^(chunkwatch: chunks: (the disk is full, waiting for space|there is space again)\n)+$/)
  expect(readFileSync(join(folder, 'files.md5'), 'utf8').trim().split('\n').length).toBe(24)
  expect(readFileSync(join(folder, 'files.manifest'), 'utf8')).toContain('{"end":"eof","chunks":24,"size":6291456')
  expect(
    await sh(
      '(cd store; md5sum -c --quiet ../files.md5) && chunkwatch --join file://$PWD/store | cmp - stream',
      folder,
    ),
  ).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  })
})

test('space that gets low is told once, before there is none', async ({ skip }) => {
  if (!mayMount) skip('there can be no mounts of our own')
  const inside = `mount -t tmpfs -o size=4M tmpfs chunks; head -c 3900K /dev/zero > chunks/xaa
    chunkwatch -q --once --settle 1s chunks file://$PWD/store 2> said; cat said`
  const ended = await sh(`mkdir chunks store; unshare --mount sh -c '${inside}'`, temporaryFolder())
  expect(ended.stdout).toMatch(/^chunkwatch: chunks: .* are free, .* used: the disk is nearly full\n$/)
})
