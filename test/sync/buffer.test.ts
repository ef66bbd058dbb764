import { describe, expect, it } from 'vitest'
import { placeable } from '../../src/sync/buffer.ts'
import { bufferName, bufferOf, hasLongName, pathInBuffer } from '../../src/sync/buffer-name.ts'
import type { SyncDataset } from '../../src/sync/inventory.ts'
import { isSetAside, setAsideName } from '../../src/sync/set-aside-name.ts'
import { dataset } from './sample-trees.ts'

describe('names in the buffer', () => {
  it('are the path in hexadecimal digits, beside the root', () => {
    expect(bufferName('backup/data', '/ac')).toBe('backup/data.zfsyncbuffer/2F6163')
    expect(bufferName('backup/data', '')).toBe('backup/data.zfsyncbuffer/root')
    expect(bufferOf('pool')).toBe('pool/.zfsyncbuffer')
  })

  it.each(['', '/a', '/a b/c.d:e_f-g'])('tell the path: %j', (path) => {
    const name = bufferName('backup/data', path)
    expect(pathInBuffer('backup/data', name, '-')).toBe(path)
    expect(pathInBuffer('backup/data', `${name}/below/it`, '-')).toBe(`${path}/below/it`)
  })

  it('are short where ZFS could not take the digits: then a property tells the path', () => {
    const path = `/${'x'.repeat(100)}`
    const name = bufferName('backup/data', path)
    expect(Buffer.byteLength(name)).toBeLessThan(100)
    expect(hasLongName(name)).toBe(true)
    expect(pathInBuffer('backup/data', name, path)).toBe(path)
    expect(pathInBuffer('backup/data', `${name}/y`, path)).toBe(`${path}/y`)
    expect(pathInBuffer('backup/data', name, '-')).toBeUndefined()
    expect(bufferName('backup/data', `${path}y`)).not.toBe(name)
  })

  it('are of nothing but paths', () => {
    for (const path of ['x', '/..', '/a/../b', '/a@b', '/']) expect(() => bufferName('backup', path)).toThrow(/no path/)
    expect(pathInBuffer('backup/data', 'backup/data.zfsyncbuffer/somebody', '-')).toBeUndefined()
  })
})

describe('what can be taken to its place', () => {
  const paths = (inPlace: readonly string[], buffered: readonly SyncDataset[], below: readonly string[] = []) =>
    placeable(
      { root: 'backup', datasets: inPlace.map((path) => dataset(path, [1])), buffered },
      new Map(buffered.filter(({ path }) => !below.includes(path)).map(({ path }) => [path, path])),
    )

  it('has the dataset above it there, or before it, and its place free', () => {
    const buffered = ['/a/b', '/a', '/x/y', '/t'].map((path) => dataset(path, [1]))
    expect(paths(['', '/t'], buffered)).toEqual(['/a', '/a/b'])
    expect(paths([], [dataset('', [1]), dataset('/a', [2])])).toEqual(['', '/a'])
  })

  it('brings along what is below it', () => {
    const buffered = ['/a', '/a/b', '/a/b/c'].map((path) => dataset(path, [1]))
    expect(paths([''], buffered, ['/a/b'])).toEqual(['/a', '/a/b/c'])
  })

  it('is whole to a snapshot at least', () => {
    const half = dataset('/a', [], { resumeToken: '1-2-3-4' })
    expect(paths([''], [half])).toEqual([])
    expect(paths([''], [{ ...dataset('/a', [1]), resumeToken: '1-2-3-4' }])).toEqual(['/a'])
  })
})

it('names of what was set aside have a date, and are known again', () => {
  const name = setAsideName('backup/data/a', 'diverged', new Date(Date.UTC(2026, 10, 21, 9, 30, 5, 123)))
  expect(name).toBe('backup/data/a.diverged-20261121T093005Z')
  for (const each of [name, `${name}/b`, `${name}@s`, 'x.gone-20260101T000000Z']) expect(isSetAside(each)).toBe(true)
  for (const each of ['a', 'a.diverged', `${name}x`, 'a.gone-2026']) expect(isSetAside(each)).toBe(false)
  const long = `backup/data/${'l'.repeat(230)}`
  const shortened = setAsideName(long, 'gone', new Date(0))
  expect(shortened).toMatch(/^backup\/data\/l+\.gone-19700101T000000Z$/)
  expect(shortened).toHaveLength(long.length)
})
