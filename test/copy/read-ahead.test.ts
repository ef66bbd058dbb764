import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { bytePath } from '../../src/copy/entry.ts'
import { ReadAhead } from '../../src/copy/read-ahead.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const far = vi.hoisted(() => ({ ms: 0, open: 0, mostOpen: 0 }))

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const lstatSync = (...args: Parameters<typeof fs.lstatSync>) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, far.ms)
    return fs.lstatSync(...args)
  }
  return { ...fs, lstatSync }
})

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  const opendir = async (...args: Parameters<typeof fs.opendir>) => {
    far.open += 1
    far.mostOpen = Math.max(far.open, far.mostOpen)
    const directory = await fs.opendir(...args)
    far.open -= 1
    return directory
  }
  return { ...fs, opendir }
})

const [folders, files, many] = [90, 3, 300]
let root = ''
beforeEach(() => {
  far.mostOpen = 0
  root = temporaryFolder()
  mkdirSync(join(root, 'many'))
  for (let file = 0; file < many; file += 1) writeFileSync(join(root, 'many', `${file}`), '')
  for (let folder = 0; folder < folders; folder += 1) {
    mkdirSync(join(root, `${folder % 7}/${folder}/below`), { recursive: true })
    for (let file = 0; file < files; file += 1) writeFileSync(join(root, `${folder % 7}/${folder}/${file}`), '')
  }
})

/** The paths in the order in which they come. */
async function read(): Promise<readonly string[]> {
  const unreadable: unknown[] = []
  const options = { isExcluded: () => false, onUnreadable: (name: unknown) => unreadable.push(name) }
  const ahead = new ReadAhead(bytePath(root), options)
  const paths: string[] = []
  for (let group = await ahead.next(); group !== undefined; group = await ahead.next())
    paths.push(...group.map(({ path }) => path))
  ahead.close()
  expect(unreadable).toEqual([])
  return paths
}

it.each([
  ['quick', 0, 0],
  ['slow', 1, 8],
])('what is %s is found whole, each folder before what it holds, and that without a break', async (_, ms, atOnce) => {
  far.ms = ms
  // A busy machine is not quick.
  if (ms === 0) vi.useFakeTimers({ toFake: ['performance'] })
  const paths = await read()
  vi.useRealTimers()
  expect(far.mostOpen).toBe(atOnce)
  expect(new Set(paths).size).toBe(paths.length)
  expect(paths.length).toBe(1 + many + 7 + folders * (2 + files))
  const above = paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  const runs = above.filter((path, index) => path !== above[index - 1])
  expect(runs.length).toBe(new Set(above).size)
  for (const [index, path] of above.entries()) expect(path === '' || paths.indexOf(path) < index).toBe(true)
})

it('a folder that goes while others are read is passed over', async () => {
  far.ms = 1
  const options = { isExcluded: () => false, onUnreadable: () => expect.unreachable() }
  const ahead = new ReadAhead(bytePath(root), options)
  let found = 0
  for (let group = await ahead.next(); group !== undefined; group = await ahead.next()) {
    found += group.length
    for (let folder = 1; folder < folders; folder += 7)
      if (found > 100) rmSync(join(root, `1/${folder}`), { recursive: true, force: true })
  }
  expect(found).toBeGreaterThan(100)
})
