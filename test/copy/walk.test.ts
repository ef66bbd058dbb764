import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytePath, bytesOf, type Entry, textOf } from '../../src/copy/entry.ts'
import { excluder } from '../../src/copy/exclude.ts'
import { topEntries, walk } from '../../src/copy/walk.ts'
import { temporaryFolder } from '../fakes/folder.ts'

async function found(folder: string, patterns: readonly string[] = [], find = walk) {
  const entries: Entry[] = []
  const unreadable: unknown[] = []
  const options = { isExcluded: excluder(patterns), onUnreadable: (name: unknown) => unreadable.push(name) }
  for await (const group of find(bytePath(folder), options)) entries.push(...group)
  return { entries, unreadable, paths: entries.map(({ path }) => textOf(path)).sort() }
}

describe('walk', () => {
  it('finds every kind of name, whatever bytes are in it', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'deep/er'), { recursive: true })
    writeFileSync(join(folder, 'deep/er/line\nbreak'), 'x')
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), 'xy')
    symlinkSync('nowhere', join(folder, 'link'))
    linkSync(join(folder, 'deep/er/line\nbreak'), join(folder, 'hard'))
    writeFileSync(join(folder, 'hole'), '')
    truncateSync(join(folder, 'hole'), 1 << 20)
    const { entries, unreadable } = await found(folder)
    const byPath = Object.fromEntries(entries.map((entry) => [entry.path, entry]))
    expect(unreadable).toEqual([])
    expect(Object.keys(byPath).sort()).toEqual(
      ['deep', 'deep/er', 'deep/er/line\nbreak', 'hard', 'hole', 'link', '\xff\xfe'].sort(),
    )
    expect(byPath['deep']).toMatchObject({ kind: 'directory', bytes: 0 })
    expect(byPath['link']).toMatchObject({ kind: 'symlink', bytes: 0, sharedInode: undefined })
    expect(byPath['\xff\xfe']).toMatchObject({ kind: 'file', bytes: 2, isSparse: false })
    expect(byPath['hole']).toMatchObject({ bytes: 1 << 20, isSparse: true })
    expect(byPath['hard']?.sharedInode).toBe(byPath['deep/er/line\nbreak']?.sharedInode)
    expect(byPath['hard']?.sharedInode).toMatch(/^\d+:\d+$/)
  })

  it('finds thousands of names in one folder', async () => {
    const folder = temporaryFolder()
    for (let index = 0; index < 1500; index += 1) writeFileSync(join(folder, `f${index}`), '')
    expect(new Set((await found(folder)).paths).size).toBe(1500)
  })

  it('leaves out what is excluded, with all below it', async () => {
    const folder = temporaryFolder()
    for (const name of ['.zfs/snapshot/a', '.snapshots/b', 'keep/.zfs/c', 'keep/zfs']) {
      mkdirSync(join(folder, name), { recursive: true })
    }
    expect((await found(folder, ['.zfs', '.snapshot*'])).paths).toEqual(['keep', 'keep/zfs'])
  })

  it('does not go through a link that has come in the place of a folder', async () => {
    const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()]
    mkdirSync(join(folder, 'd'))
    writeFileSync(join(elsewhere, 'secret'), '')
    const paths: string[] = []
    const unreadable: unknown[] = []
    const onUnreadable = (name: unknown) => unreadable.push(name)
    for await (const group of walk(bytePath(folder), { isExcluded: () => false, onUnreadable })) {
      paths.push(...group.map(({ path }) => path))
      rmSync(join(folder, 'd'), { recursive: true })
      symlinkSync(elsewhere, join(folder, 'd'))
    }
    expect({ paths, unreadable }).toEqual({ paths: ['d'], unreadable: [{ path: 'd', code: 'ENOTDIR' }] })
  })

  it('gives each folder before what is in it', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'a/b/c'), { recursive: true })
    expect((await found(folder)).entries.map(({ path }) => path)).toEqual(['a', 'a/b', 'a/b/c'])
  })

  it('tells of a folder that cannot be read', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may read every folder')
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'shut'))
    chmodSync(join(folder, 'shut'), 0)
    const { paths, unreadable } = await found(folder)
    expect({ paths, unreadable }).toEqual({ paths: ['shut'], unreadable: [{ path: 'shut', code: 'EACCES' }] })
  })

  it('passes over what has gone, and throws if the root is not there', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'a'))
    const options = { isExcluded: () => false, onUnreadable: () => {} }
    const walking = walk(bytePath(folder), options)
    await walking.next()
    rmSync(join(folder, 'a'), { recursive: true })
    expect((await walking.next()).done).toBe(true)
    await expect(found(join(folder, 'none'))).rejects.toThrow('ENOENT')
  })
})

it('topEntries gives the names at the top alone, those with a dot too', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.hidden/below'), { recursive: true })
  writeFileSync(join(folder, 'file'), '')
  expect((await found(folder, [], topEntries)).paths).toEqual(['.hidden', 'file'])
})

describe('excluder', () => {
  it.each([
    ['*.tmp', 'a.tmp', true],
    ['*.tmp', 'a.tmpx', false],
    ['?', 'a', true],
    ['?', 'ab', false],
    ['[ab]*', 'banana', true],
    ['[!ab]*', 'banana', false],
    ['a.b', 'axb', false],
    ['(x)+', '(x)+', true],
    ['ä*', 'äpfel', true],
    ['line*', 'line\nbreak', true],
  ])('%s and %j: %s', (pattern, name, isOut) => expect(excluder([pattern])(bytePath(name))).toBe(isOut))

  it('without patterns leaves nothing out', () => expect(excluder([])('x')).toBe(false))
})

it('a path is its bytes', () => expect(bytesOf(bytePath('ä\n'))).toEqual(Buffer.from('ä\n')))
