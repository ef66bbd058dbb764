import { describe, expect, test } from 'vitest'
import { describeEntry, findObject } from '../../../src/store/rclone/find-object.ts'
import type { Entry, Remote } from '../../../src/store/rclone/remote.ts'

interface Listed extends Pick<Entry, 'path' | 'size'> {
  readonly text?: string
  /** The remote's crc32 of it. */
  readonly crc32?: string
}

const record = (size: number, xxh64: string, n: string, crc32?: string) =>
  JSON.stringify({
    schema: 1,
    size,
    checksums: { xxh64 },
    metadata: { n },
    published: `2026-01-0${n}T00:00:00.000Z`,
    ...(crc32 === undefined ? {} : { hash: { name: 'crc32', hex: crc32 } }),
  })
const bytes: Listed = { path: 'k', size: 3, crc32: '0a0a0a0a' }

/** What a remote would answer that has these files in the folder `d`. */
function remoteWith(files: readonly Listed[]): Remote {
  const modified = '2026-01-01T00:00:00Z'
  const entryOf = ({ path, size, crc32 }: Listed): Entry => ({ path, size, modified, hashes: crc32 ? { crc32 } : {} })
  const at = (key: string) => files.find(({ path }) => `d/${path}` === key)
  const found = {
    urlOf: (key: string) => `rclone:box:${key}`,
    list: async () => files.map(entryOf),
    read: async (key: string) => at(key)?.text,
    stat: async (key: string) => entryOf(at(key)!),
  }
  return found as unknown as Remote
}

async function found(...files: readonly Listed[]) {
  return (await findObject(remoteWith(files), { folder: 'd/', name: 'k' }))?.object
}

describe('the record of the bytes under a key', () => {
  test('is the only one', async () => {
    const one = { path: '.k.1.zpipes', size: 0, text: record(3, 'aa', '1') }
    expect(await found(bytes, one)).toMatchObject({
      key: 'd/k',
      size: 3,
      checksums: { xxh64: 'aa' },
      metadata: { n: '1' },
    })
  })

  test('is of their size, though a newer one is there: that was written for bytes that did not come', async () => {
    const old = { path: '.k.1.zpipes', size: 0, text: record(3, 'aa', '1') }
    const newer = { path: '.k.2.zpipes', size: 0, text: record(4, 'bb', '2') }
    expect(await found(bytes, newer, old)).toMatchObject({ metadata: { n: '1' } })
  })

  test('is told by the hash of the remote, of two of their size', async () => {
    const old = { path: '.k.1.zpipes', size: 0, text: record(3, 'aa', '1', '0a0a0a0a') }
    const newer = { path: '.k.2.zpipes', size: 0, text: record(3, 'bb', '2', '0b0b0b0b') }
    expect(await found(bytes, newer, old)).toMatchObject({ metadata: { n: '1' } })
    expect(await found({ ...bytes, crc32: '0b0b0b0b' }, newer, old)).toMatchObject({ metadata: { n: '2' } })
  })

  test('is nobody knows which, of two of their size without a hash: a flaw, not a guess', async () => {
    const old = { path: '.k.1.zpipes', size: 0, text: record(3, 'aa', '1') }
    const newer = { path: '.k.2.zpipes', size: 0, text: record(3, 'bb', '2') }
    expect(await found(bytes, newer, old)).toMatchObject({ checksums: {}, flaw: expect.stringContaining('2 records') })
  })

  test('is none, of a file that somebody put there', async () => {
    const object = await found(bytes)
    expect(object).toMatchObject({ key: 'd/k', size: 3, checksums: {}, metadata: {} })
    expect(object?.flaw).toBeUndefined()
  })

  test('is not that of another key whose name begins in the same way', async () => {
    const other = { path: '.k.x.1.zpipes', size: 0, text: record(3, 'aa', '1') }
    expect(await found(bytes, other)).toMatchObject({ metadata: {} })
  })
})

test('a record that does not fit, or cannot be read, is a flaw of its object, and no failure', async () => {
  const other = { path: '.k.1.zpipes', size: 0, text: record(4, 'aa', '1') }
  expect(await found(bytes, other)).toMatchObject({ flaw: 'is 3 bytes, 4 were stored' })
  const damaged = { path: '.k.1.zpipes', size: 0, text: '{' }
  expect(await found(bytes, damaged)).toMatchObject({ flaw: expect.stringContaining('is not JSON') })
})

test('a record that went between the list and its reading was of bytes that were replaced', async () => {
  const entry = { path: 'k', size: 3, modified: '2026-01-01T00:00:00Z', hashes: {} }
  const object = await describeEntry(remoteWith([bytes]), 'd/k', entry, ['d/.k.1.zpipes'])
  expect(object).toMatchObject({ size: 3, checksums: {} })
})

test('no bytes, no object', async () => {
  expect(await found({ path: '.k.1.zpipes', size: 0, text: record(3, 'aa', '1') })).toBeUndefined()
})
