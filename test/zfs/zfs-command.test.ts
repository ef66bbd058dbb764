import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isUnknownToZfs, runZfs } from '../../src/zfs/zfs-command.ts'
import { temporaryFolder } from '../fakes/folder.ts'

// What zfs-fuse 0.7.0 and OpenZFS 2.1.11 say, each followed by whatever comes after it.
const usage = `usage:\n${'\tget [-rHp] [-d max] ...\n'.repeat(400)}`
const said: readonly (readonly [words: string, kind: string, isUnknown: boolean])[] = [
  [`invalid option 'p'\n${usage}`, 'unavailable', true],
  [`invalid type 'bookmark'\n${usage}`, 'unavailable', true],
  [`bad property list: invalid property 'written'\n${usage}`, 'unavailable', true],
  ["cannot open 'tank/none': dataset does not exist\n", 'unavailable', false],
  ["cannot create snapshot 'tank@a': dataset already exists\n", 'exists', false],
  ["cannot create bookmark 'tank#a': bookmark exists\n", 'exists', false],
  ["cannot hold snapshot 'tank@a': permission denied\n", 'permission', false],
  ['internal error: out of memory\n', 'unavailable', false],
]

describe('runZfs', () => {
  const before = process.env['PATH']
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
    process.env['PATH'] = `${folder}:${before}`
  })
  afterEach(() => {
    process.env['PATH'] = before
  })

  /** A `zfs` that says this on stderr and ends with 1. */
  function zfsThatSays(words: string): void {
    writeFileSync(join(folder, 'said'), words)
    writeFileSync(join(folder, 'zfs'), `#!/bin/sh\ncat ${folder}/said >&2\nexit 1\n`)
    chmodSync(join(folder, 'zfs'), 0o755)
  }

  it.each(said)('%s', async (words, kind, isUnknown) => {
    zfsThatSays(words)
    const error = await runZfs('get').catch((each) => each)
    expect(error).toMatchObject({ kind, message: `zfs: ${words.split('\n')[0]}` })
    // Only what this ZFS is too old for may be asked for in another way.
    expect(isUnknownToZfs(error)).toBe(isUnknown)
  })

  it('gives what zfs prints', async () => {
    writeFileSync(join(folder, 'zfs'), '#!/bin/sh\nprintf "%s|" "$@"\n')
    chmodSync(join(folder, 'zfs'), 0o755)
    expect(await runZfs('list', 'a b')).toBe('list|a b|')
  })
})
