import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry, EntryKind } from '../../src/copy/entry.ts'
import { EntrySorter } from '../../src/copy/sort-entries.ts'
import { type Crumb, Spool } from '../../src/copy/spool.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const names = ['files', 'together', 'folders'] as const

describe('EntrySorter', () => {
  let folder: string
  let crumbs: Crumb[]
  beforeEach(() => {
    folder = temporaryFolder()
    crumbs = []
  })

  const filesIn = (place: string, count: number, rest: Partial<Entry> = {}): Entry[] =>
    Array.from({ length: count }, (_, index) => ({
      path: `${place}${index}`,
      kind: 'file',
      bytes: 10,
      isSparse: false,
      ...rest,
    }))

  /** What stands in each spool after these groups. */
  function sorted(groups: readonly (readonly Entry[])[], { takesFolders = true, isDeep = false } = {}) {
    const spools = {
      files: new Spool(`${folder}/files`, (crumb) => crumbs.push(crumb)),
      together: new Spool(`${folder}/together`, (crumb) => crumbs.push(crumb)),
      folders: new Spool(`${folder}/folders`, () => {}),
    }
    const kinds = new Set<EntryKind>(['file', 'symlink'])
    const sorter = new EntrySorter(spools, { kinds, takesFolders }, isDeep)
    for (const group of groups) sorter.add(group)
    sorter.end()
    return names.map((name) => readFileSync(`${folder}/${name}`, 'utf8').split('\0').filter(Boolean))
  }

  it('gives a folder of plain names as one name, and counts what is in it', () => {
    const below: Entry = { path: 'a/b', kind: 'directory', bytes: 0, isSparse: false }
    expect(sorted([filesIn('a/', 6), [...filesIn('a/x', 6), below]])).toEqual([['a/'], [], ['a/b']])
    expect(crumbs).toEqual([{ offset: 0, length: 3, files: 12, bytes: 120 }])
  })

  it('gives the root as ./, which rsync takes for what lies in it', () =>
    expect(sorted([filesIn('', 9)])[0]).toEqual(['./']))

  it.each([
    ['a name that shares an inode', filesIn('a/s', 1, { sharedInode: '1:2' })],
    ['a name that the copier does not take', filesIn('a/s', 1, { kind: 'special' })],
  ])('lists the names of a folder with %s', (_, odd) => {
    expect(sorted([filesIn('a/', 9), odd])[0]).toEqual(filesIn('a/', 9).map(({ path }) => path))
  })

  it('lists the names of a folder that holds few, too many, or too much', () => {
    expect(sorted([filesIn('a/', 3)])[0]).toHaveLength(3)
    expect(sorted([filesIn('b/', 128, { bytes: 1e6 })])[0]).toHaveLength(128)
    const many = Array.from({ length: 12 }, (_, index) => filesIn(`c/${index}-`, 100))
    expect(sorted(many)[0]).toHaveLength(1200)
  })

  it('gives a folder with a sparse file to the part that keeps holes', () =>
    expect(sorted([[...filesIn('a/', 9), ...filesIn('a/hole', 1, { isSparse: true })]])[1]).toEqual(['a/']))

  it('lists all names where the copier takes no folders, or each stands for what is below it', () => {
    expect(sorted([filesIn('a/', 20)], { takesFolders: false })[0]).toHaveLength(20)
    expect(sorted([filesIn('', 20)], { takesFolders: false, isDeep: true })[0]).toHaveLength(20)
    expect(crumbs).toHaveLength(21)
  })

  it('writes each name once, whatever is cut in the middle of a folder', () => {
    const spools = {
      files: new Spool(`${folder}/files`, () => {}),
      together: new Spool(`${folder}/together`, () => {}),
      folders: new Spool(`${folder}/folders`, () => {}),
    }
    const sorter = new EntrySorter(spools, { kinds: new Set(['file']), takesFolders: true }, false)
    sorter.add(filesIn('a/', 20))
    sorter.cut()
    sorter.add(filesIn('a/more', 20))
    sorter.add(filesIn('b/', 20))
    sorter.end()
    const written = readFileSync(`${folder}/files`, 'utf8').split('\0').filter(Boolean)
    expect(written).toEqual([...filesIn('a/', 20), ...filesIn('a/more', 20)].map(({ path }) => path).concat('b/'))
  })
})
