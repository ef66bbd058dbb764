import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isUnknownToZfs, runZfs } from '../../src/zfs/zfs-command.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

// What zfs-fuse 0.7.0, OpenZFS 2.1.11 and 2.3.2 say, each followed by whatever comes after it.
const usage = `usage:\n${'\tget [-rHp] [-d max] ...\n'.repeat(400)}`
const said: readonly (readonly [words: string, kind: string, isUnknown: boolean])[] = [
  [`invalid option 'p'\n${usage}`, 'unavailable', true],
  [`invalid type 'bookmark'\n${usage}`, 'unavailable', true],
  [`bad property list: invalid property 'written'\n${usage}`, 'unavailable', true],
  ["cannot open 'tank/none': dataset does not exist\n", 'unavailable', false],
  ["cannot create snapshot 'tank@a': dataset already exists\n", 'exists', false],
  ["cannot create bookmark 'tank#a': bookmark exists\n", 'exists', false],
  ['cannot destroy snapshot tank@a: dataset is busy\n', 'exists', false],
  ["cannot destroy snapshot tank@a: it's being held. Run 'zfs holds -r tank@a' to see holders.\n", 'exists', false],
  ['cannot destroy snapshot tank@a: snapshot is cloned\n', 'exists', false],
  ["cannot hold snapshot 'tank@a': permission denied\n", 'permission', false],
  ['internal error: out of memory\n', 'unavailable', false],
]

describe('runZfs', () => {
  it.each(said)('%s', async (words, kind, isUnknown) => {
    writeFileSync(join(putZfsInPath('cat said >&2; exit 1'), 'said'), words)
    const error = await runZfs('get').catch((each) => each)
    expect(error).toMatchObject({ kind, message: `zfs: ${words.split('\n')[0]}` })
    // Only what this ZFS is too old for may be asked for in another way.
    expect(isUnknownToZfs(error)).toBe(isUnknown)
  })

  it('gives what zfs prints', async () => {
    putZfsInPath('printf "%s|" "$@"')
    expect(await runZfs('list', 'a b')).toBe('list|a b|')
  })
})
