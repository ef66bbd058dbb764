import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openAside, putAllBack } from '../../src/chunks/set-aside.ts'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, mkdtemp: vi.fn(real.mkdtemp) }
})

test('on a disk that is too full for a folder it is aside too, and comes back after a kill', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'xaa')
  writeFileSync(file, 'bytes')
  const open = () => {
    vi.mocked(mkdtemp).mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'mkdtemp' }))
    return openAside(folder)
  }
  const aside = await open()
  const path = (await aside.take(file)) ?? ''
  expect([existsSync(file), readFileSync(path, 'utf8')]).toEqual([false, 'bytes'])
  await aside.putBack(path)
  await aside.close()
  expect(readdirSync(folder)).toEqual(['xaa'])
  const killed = await open()
  await killed.take(file)
  await putAllBack(folder)
  expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['xaa'], 'bytes'])
})

test('a file that is aside has no name that anybody knows, and gets it back', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'xaa')
  writeFileSync(file, 'bytes')
  const aside = await openAside(folder)
  const path = await aside.take(file)
  expect([existsSync(file), readFileSync(path ?? '', 'utf8')]).toEqual([false, 'bytes'])
  expect(await aside.take(file)).toBeUndefined()
  await aside.putBack(path ?? '')
  await aside.close()
  expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['xaa'], 'bytes'])
})

test('one whose name was taken meanwhile replaces nothing, and comes back when the name is free', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'xaa')
  writeFileSync(file, 'first')
  const aside = await openAside(folder)
  const path = (await aside.take(file)) ?? ''
  writeFileSync(file, 'second')
  await aside.putBack(path)
  await aside.close()
  expect(readFileSync(file, 'utf8')).toBe('second')
  await putAllBack(folder)
  expect([readFileSync(file, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['second', 'first'])
  const other = await openAside(folder)
  await other.take(file)
  await putAllBack(folder)
  expect(filesBelow(folder)).toHaveLength(2)
  expect(['first', 'second']).toContain(readFileSync(file, 'utf8'))
})

test('what killed programs left comes back; nothing else is touched', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.chunkwatch.removing-abcdef'))
  writeFileSync(join(folder, '.chunkwatch.removing-abcdef', 'xaa'), 'bytes')
  writeFileSync(join(folder, '.hidden'), '')
  await putAllBack(folder)
  expect(readdirSync(folder).toSorted()).toEqual(['.hidden', 'xaa'])
  await putAllBack(join(folder, 'nowhere'))
})
