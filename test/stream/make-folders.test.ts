import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolders } from '../../src/stream/make-folders.ts'
import { temporaryFolder } from '../fakes/folder.ts'

it('makes what is missing, and tells the topmost that it has made', async () => {
  const folder = temporaryFolder()
  expect(await makeFolders(join(folder, 'a/b/c'), 0o700)).toBe(join(folder, 'a'))
  expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700)
  expect(await makeFolders(join(folder, 'a/b/c'))).toBeUndefined()
  expect(await makeFolders(join(folder, 'a/b/d/'))).toBe(join(folder, 'a/b/d/'))
})

it('many at the same time make each once', async () => {
  const folder = temporaryFolder()
  const all = Array.from({ length: 50 }, (_, index) => join(folder, `x/y/${index % 5}/z`))
  await Promise.all(all.map((path) => makeFolders(path)))
  expect(all.every((path) => existsSync(path))).toBe(true)
})

it('a file in the way is told, and nothing is made there', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(makeFolders(file)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolders(`${file}/below`)).rejects.toMatchObject({ code: 'ENOTDIR' })
})

it.skipIf(!existsSync('/proc/self'))('ends where no folder can be made (/proc)', async () => {
  await expect(makeFolders('/proc/none/x/y')).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(makeFolders('/proc/none')).rejects.toMatchObject({ code: 'ENOENT' })
})
