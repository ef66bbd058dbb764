import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { walk } from '../../../src/store/directory/walk.ts'
import { temporaryFolder } from '../../fakes/folder.ts'

async function pathsBelow(root: string, prefix: string): Promise<string[]> {
  const paths: string[] = []
  for await (const { prefix: folder, name } of walk(root, prefix)) paths.push(folder + name)
  return paths
}

test('what lies behind links is found, and links in a circle end', async () => {
  const [root, otherDisk] = [temporaryFolder(), temporaryFolder()]
  mkdirSync(join(otherDisk, 'data'))
  for (const path of ['home@mon', 'data/deep@mon']) writeFileSync(join(otherDisk, path), '')
  symlinkSync(otherDisk, join(root, 'tank'))
  symlinkSync('tank/home@mon', join(root, 'link@mon'))
  symlinkSync('nowhere', join(root, 'lost'))
  symlinkSync('..', join(otherDisk, 'data/up'))
  symlinkSync(root, join(otherDisk, 'round'))
  expect(await pathsBelow(root, '')).toEqual(['link@mon', 'tank/data/deep@mon', 'tank/home@mon'])
  expect(await pathsBelow(root, 'tank/home@')).toContain('tank/home@mon')
  expect(await pathsBelow(root, 'tank/data')).toContain('tank/data/deep@mon')
})

test('a missing folder is empty; a missing root is a store that is not there', async () => {
  const root = temporaryFolder()
  expect(await pathsBelow(root, 'tank/home@')).toEqual([])
  writeFileSync(join(root, 'file'), '')
  await expect(pathsBelow(join(root, 'unmounted'), 'tank/home@')).rejects.toThrow(/unmounted: no such directory$/)
  await expect(pathsBelow(join(root, 'file'), '')).rejects.toThrow(/file: not a directory$/)
})
