import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { patternOf, Remote, startHash } from '../../../src/store/rclone/remote.ts'
import { temporaryFolder } from '../../fakes/folder.ts'
import { putInPath } from '../../fakes/zfs-in-path.ts'

const hasRclone = spawnSync('rclone', ['version']).status === 0
const local = () => {
  const folder = temporaryFolder()
  return { folder, remote: new Remote(':local:', `${folder}/`) }
}

test.each([
  ['crc32', 'cbf43926'],
  ['md5', '25f9e794323b453885f5181f1b624d0b'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('%s of the check string, by pieces', (name, hex) => {
  const hash = startHash(name)
  hash.update(Buffer.from('1234'))
  hash.update(Buffer.from('56789'))
  expect(hash.hex()).toBe(hex)
})

test('what stands in a remote written on the fly, a password perhaps, is in no message', () => {
  expect(new Remote(':webdav,pass=secret:', 'a/').urlOf('k')).toBe('rclone::webdav,…:a/k')
  expect(new Remote('box:', '').urlOf('k')).toBe('rclone:box:k')
})

describe.skipIf(!hasRclone)('in a folder (rclone)', () => {
  test('a folder can move, and reads a file for its hash', async () => {
    expect(await local().remote.features()).toEqual({ hash: 'crc32', isHashSlow: true, canMove: true })
  })

  test('what is there: a file with its hash, no folder, nothing', async () => {
    const { folder, remote } = local()
    mkdirSync(join(folder, 'd'))
    writeFileSync(join(folder, 'k'), '123456789')
    expect(await remote.stat('k', 'crc32')).toMatchObject({ size: 9, hashes: { crc32: 'cbf43926' } })
    expect(await remote.stat('d')).toBeUndefined()
    expect(await remote.stat('none')).toBeUndefined()
    expect([await remote.isFolder('d'), await remote.isFolder('k'), await remote.isFolder('none')]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('a small file is written, read, given another name in the place of one of its size, and removed', async () => {
    const { remote } = local()
    await remote.write('a', 'one')
    await remote.write('b', 'two')
    await remote.rename('a', 'b')
    expect([await remote.read('a'), await remote.read('b')]).toEqual([undefined, 'one'])
    await remote.remove('b')
    await remote.remove('b')
    expect(await remote.list('')).toEqual([])
  })

  test('a name with the signs of patterns matches itself alone', async () => {
    const { folder, remote } = local()
    const name = 'a*b?[c]{d,e}\\f'
    for (const each of [name, 'aXb?[c]{d,e}\\f', 'axbcd', 'ab']) writeFileSync(join(folder, each), '')
    expect((await remote.list('', [`/${patternOf(name)}`])).map(({ path }) => path)).toEqual([name])
  })

  test('a folder that is not there is empty; a remote that rclone does not know is a failure', async () => {
    const { folder, remote } = local()
    rmSync(folder, { recursive: true })
    expect(await remote.list('')).toEqual([])
    await expect(new Remote('nowhere-known:', '').list('')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(execFileSync('rclone', ['listremotes']).toString()).not.toContain('nowhere-known:')
  })
})

test('a folder of which rclone has not found all when it listed it is not empty', async () => {
  const list = `case "$*" in
    *--stat*) test ! -e gone || exit 3
      echo '{"Path":"","Name":"","IsDir":true,"ModTime":"","Size":-1}';;
    *) echo >>asked; test -e whole || exit 3
      echo '[{"Path":"k","Name":"k","Size":1,"ModTime":"2026-01-01T00:00:00Z","IsDir":false}]';;
  esac`
  const folder = putInPath('rclone', list)
  const remote = new Remote('box:', '')
  await expect(remote.list('d/')).rejects.toMatchObject({ kind: 'retry' })
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('\n\n\n')
  writeFileSync(join(folder, 'whole'), '')
  expect(await remote.list('d/')).toMatchObject([{ path: 'k' }])
  rmSync(join(folder, 'whole'))
  writeFileSync(join(folder, 'gone'), '')
  expect(await remote.list('d/')).toEqual([])
})
