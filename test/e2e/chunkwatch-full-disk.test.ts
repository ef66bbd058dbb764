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

test('chunks are removed though there is no room for anything more', async ({ skip }) => {
  // Of a tmpfs no folder takes room.
  const inside = `mount -o loop image chunks 2>/dev/null || exit 99
    head -c 1M /dev/zero >chunks/xaa; head -c 30M /dev/zero >chunks/xab
    for each in 1 2 3 4 5 6 7 8; do echo x >chunks/.$each; done
    ! mkdir chunks/folder && exec 2>&3 && timeout 60 chunkwatch -q --once --settle 300ms --state state chunks file://$PWD/store
    echo $?; ls chunks`
  const ended = await sh(
    `mkdir chunks store state; truncate -s 8M image; mkfs.ext4 -q -m 0 image && unshare --mount sh -c '${inside}' 3>said 2>/dev/null`,
    temporaryFolder(),
  )
  if (ended.status === 99 || !mayMount) skip('a file cannot be mounted here')
  expect(ended.stdout).toBe('0\nlost+found\n')
})
