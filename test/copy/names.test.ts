import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseHosts } from '../../src/copy/host.ts'
import { listedEntries, nameGroups, namesIn } from '../../src/copy/listed-entries.ts'
import { isUnclear, parsePlace, rsyncPlace } from '../../src/copy/place.ts'
import { SpareProcessors } from '../../src/copy/spare-processors.ts'
import { Tally } from '../../src/copy/tally.ts'
import { temporaryFolder } from '../fakes/folder.ts'

async function* piecesOf(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

it('namesIn joins what pieces have cut, and takes a last name without an end', async () => {
  expect(await all(namesIn(piecesOf('a\0b', 'c\0', '\0d'), '\0'))).toEqual(['a', 'bc', 'd'])
  expect(await all(namesIn(piecesOf('a b\n\nc\n'), '\n'))).toEqual(['a b', 'c'])
})

describe('listedEntries', () => {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'sub/file'), 'x')
  })
  const listed = async (...names: string[]) => {
    const missing: unknown[] = []
    const stream = listedEntries(folder, 'as/written', nameGroups(piecesOf(names.join('\n')), '\n'), (name) =>
      missing.push(name),
    )
    return { paths: (await all(stream)).flat().map(({ path }) => path), missing }
  }

  it('takes names as find writes them', async () => {
    const names = ['.', './sub', `${folder}/sub/file`, folder, 'as/written/sub/file', 'sub//./file']
    expect(await listed(...names)).toEqual({ paths: ['sub', 'sub/file', 'sub/file', 'sub/file'], missing: [] })
  })

  it('tells what is not there', async () => {
    expect(await listed('sub/none')).toEqual({ paths: [], missing: [{ path: 'sub/none', code: 'ENOENT' }] })
  })

  it.each(['/etc/passwd', '../x', 'sub/../../x'])('refuses %s', async (name) => {
    await expect(listed(name)).rejects.toThrow(expect.objectContaining({ kind: 'usage' }))
  })
})

describe('parsePlace', () => {
  it.each([
    ['/src/', false, { kind: 'local', path: '/src' }],
    ['host:/dst', false, { kind: 'remote', host: 'host', path: '/dst' }],
    ['me@host:', false, { kind: 'remote', host: 'me@host', path: '.' }],
    ['s3:bucket/path', true, { kind: 'cloud', url: 's3:bucket/path' }],
    [':local:/dst', false, { kind: 'cloud', url: ':local:/dst' }],
    ['/with:colon', false, { kind: 'local', path: '/with:colon' }],
  ] as const)('%s', (text, isCloud, place) => expect(parsePlace(text, isCloud)).toEqual(place))

  it('takes a name that rclone knows for a remote, and asks where it may be a host as well', () => {
    const remotes = new Set(['offsite'])
    expect(parsePlace('offsite:bucket/path', false, remotes)).toEqual({ kind: 'cloud', url: 'offsite:bucket/path' })
    expect(parsePlace('me@offsite:/data', false, remotes)).toMatchObject({ kind: 'remote', host: 'me@offsite' })
    expect(parsePlace('other:data', false, remotes)).toMatchObject({ kind: 'remote', host: 'other' })
    expect(() => parsePlace('offsite:/data', false, remotes)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        hint: 'give --cloud for the remote, or write user@offsite:/data for the host',
      }),
    )
    expect(['/a:b', 'a', ':s3:b', 'me@h:/a', 'h:/a', 'h:a'].map(isUnclear)).toEqual([
      ...[false, false, false, false],
      ...[true, true],
    ])
  })

  it('refuses a daemon, and rsync for a remote of rclone', () => {
    expect(() => parsePlace('host::module', false)).toThrow('not supported')
    expect(() => rsyncPlace(parsePlace('s3:b', true))).toThrow('--cloud')
  })

  it('means what is in a folder', () => {
    expect(rsyncPlace(parsePlace('/a/b', false))).toBe('/a/b/')
    expect(rsyncPlace(parsePlace('h:/a/', false))).toBe('h:/a/')
  })
})

it('parseHosts leaves comments and empty lines out', () => {
  expect(parseHosts('a\n\n # none\nb # two\n')).toEqual(['a', 'b'])
})

describe('SpareProcessors', () => {
  const watched = async (shares: readonly number[]) => {
    let [idle, total, at] = [0, 0, 0]
    const spare = new SpareProcessors(8, false, () => {
      total += 1000
      idle += 1000 * (shares[at] ?? 1)
      at += 1
      return { idle, total }
    })
    const steps: number[] = []
    await spare.watch(() => steps.push(spare.allowed), new AbortController().signal)
    return steps
  }

  it('allows twice as many whenever some are idle', async () =>
    expect(await watched([0, 0.5, 0.9, 0.2])).toEqual([2, 4, 8]))

  it('allows no more while all are busy', async () => expect((await watched([0, 0, 0.1, 0.5]))[0]).toBe(2))
})

describe('Tally', () => {
  it('is complete only if every name is accounted for', () => {
    const tally = new Tally()
    tally.found = { files: 10, folders: 1, bytes: 5, symlinks: 0, specials: 0, emptyFolders: 0 }
    expect(tally.isComplete).toBe(false)
    tally.addPart({ bytes: 0, files: 7, copied: 4, copiedBytes: 4, present: 6, failed: 0 })
    expect(tally).toMatchObject({ copied: 4, unchanged: 2, vanished: 1, failed: 0, isComplete: false })
    tally.addPart({ bytes: 0, files: 3, copied: 0, copiedBytes: 0, present: 3, failed: 0 })
    expect(tally).toMatchObject({ unchanged: 5, isComplete: true })
  })

  it('shows how far it is while parts are under way, and counts no file twice when they end', () => {
    const tally = new Tally()
    const [one, two] = ['one', 'two'].map((name) => ({ name, destinationHost: undefined, isLost: false }))
    if (one === undefined || two === undefined) throw new Error('no hosts')
    tally.found = { files: 9, folders: 0, bytes: 90, symlinks: 0, specials: 0, emptyFolders: 0 }
    tally.setUnderWay([one, two, one])
    for (let count = 0; count < 4; count += 1) tally.addUnderWay(1, 10)
    expect(tally.notes()).toEqual(['4 of 9+ files', '2 on one', '1 on two'])
    tally.isFound = true
    tally.addPart({ bytes: 50, files: 5, copied: 4, copiedBytes: 40, present: 5, failed: 0 })
    tally.setUnderWay([{ ...one, name: undefined }])
    expect(tally.notes()).toEqual(['5 of 9 files', '1 part under way'])
    expect(tally).toMatchObject({ doneBytes: 50, totalBytes: 90 })
    tally.addPart({ bytes: 20, files: 2, copied: 0, copiedBytes: 0, present: 2, failed: 0 })
    tally.addUnderWay(0, 3)
    // What was there already counts, and so does what goes now.
    expect(tally).toMatchObject({ doneBytes: 73, copiedBytes: 40 })
  })

  it('counts no name twice that several attempts copied', () => {
    const tally = new Tally()
    tally.found = { files: 3, folders: 0, bytes: 0, symlinks: 0, specials: 0, emptyFolders: 0 }
    tally.addPart({ bytes: 0, files: 3, copied: 5, copiedBytes: 9, present: 3, failed: 1 })
    expect(tally).toMatchObject({ copied: 2, unchanged: 0, vanished: 0, failed: 1, isComplete: false })
  })
})
