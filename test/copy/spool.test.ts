import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { bytePath, type Entry } from '../../src/copy/entry.ts'
import { type Crumb, nameOfListed, piecesOf, readSpool, Spool } from '../../src/copy/spool.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const entry = (path: string, bytes = 1): Entry => ({ path: bytePath(path), kind: 'file', bytes, isSparse: false })

it('keeps names with a NUL behind each, in crumbs that lie one behind the other', () => {
  const crumbs: Crumb[] = []
  const spool = new Spool(join(temporaryFolder(), 'spool'), (crumb) => {
    // Whoever is told of a crumb can read it.
    expect(readFileSync(spool.path).length).toBeGreaterThanOrEqual(crumb.offset + crumb.length)
    crumbs.push(crumb)
  })
  const names = Array.from({ length: 200 }, (_, index) => `färbe\n${index}`)
  for (const name of names) spool.add(entry(name))
  spool.addTogether([entry('a', 7), entry('b', 7)])
  spool.end()
  expect(readFileSync(spool.path, 'utf8')).toBe([...names, 'a', 'b'].map((name) => `${name}\0`).join(''))
  expect(crumbs.map(({ files }) => files)).toEqual([64, 64, 64, 10])
  expect(crumbs.at(-1)).toMatchObject({ bytes: 8 + 7 })
  for (const [index, { offset, length }] of crumbs.entries()) {
    expect(crumbs[index + 1]?.offset ?? readFileSync(spool.path).length).toBe(offset + length)
  }
})

it('gives a large file a crumb of its own, and reads pieces back', async () => {
  const crumbs: Crumb[] = []
  const spool = new Spool(join(temporaryFolder(), 'spool'), (crumb) => crumbs.push(crumb))
  spool.add(entry('large', 1e9))
  spool.add(entry('small'))
  spool.end()
  expect(crumbs.map(({ files }) => files)).toEqual([1, 1])
  expect(await text(readSpool(spool.path, crumbs[1] as Crumb))).toBe('small\0')
  expect(await text(readSpool(spool.path))).toBe('large\0small\0')
})

it('keeps a name apart that a list would take for a comment', async () => {
  const spool = new Spool(join(temporaryFolder(), 'spool'), () => {})
  for (const name of ['#a', ';b', 'c#']) spool.add(entry(name))
  spool.end()
  const listed = (await text(readSpool(spool.path))).split('\0').slice(0, -1)
  expect(listed).toEqual(['./#a', './;b', 'c#'])
  expect(listed.map(nameOfListed)).toEqual(['#a', ';b', 'c#'])
})

it('a spool in pieces is the same spool, each name whole', async () => {
  const path = join(temporaryFolder(), 'spool')
  const names = Array.from({ length: 400 }, (_, index) => `${index}-${'n'.repeat((index * 7919) % 200)}`)
  names[200] = 'long'.repeat(5000)
  writeFileSync(path, names.map((name) => `${name}\0`).join(''))
  for (const [most, leastBytes, atLeast] of [
    [1, 1, 1],
    [8, 100, 5],
    [1000, 10, 300],
    [8, 1e9, 1],
  ] as const) {
    const pieces = await piecesOf(path, most, leastBytes)
    expect(pieces.length).toBeGreaterThanOrEqual(atLeast)
    expect(pieces.length).toBeLessThanOrEqual(most)
    const texts = await Promise.all(pieces.map((piece) => text(readSpool(path, piece))))
    expect(texts.flatMap((each) => each.split('\0').slice(0, -1))).toEqual(names)
    expect(texts.join('')).toBe(readFileSync(path, 'utf8'))
  }
  writeFileSync(path, '')
  expect(await piecesOf(path, 8, 1)).toEqual([])
})
