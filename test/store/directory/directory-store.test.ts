import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import type { Owner } from '../../../src/store/open-store.ts'
import type { Upload } from '../../../src/store/store.ts'
import { filesBelow, temporaryFolder } from '../../fakes/folder.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { fakeOwner } from '../../fakes/owner.ts'

const fresh = { overwrite: false, metadata: { 'zfs-guid': '00ff', note: 'ünïcode = fine' } }

function openStore(root: string, owner: Owner = fakeOwner()) {
  return new DirectoryStore(root, { owner, readBack: true })
}

async function putParts(upload: Upload, bytes: Uint8Array, partBytes = 1000): Promise<void> {
  const offsets = Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, index) => index * partBytes)
  await Promise.all(
    offsets
      .map((offset, index) =>
        upload.putPart({ number: index + 1, offset, bytes: bytes.subarray(offset, offset + partBytes) }),
      )
      .reverse(),
  )
}

async function put(store: DirectoryStore, key: string, bytes: Uint8Array, options = fresh) {
  const upload = await store.create(key, options)
  await putParts(upload, bytes)
  return upload.publish({ size: bytes.length, checksums: { xxh64: '0123' } })
}

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = []
  for await (const item of items) array.push(item)
  return array
}

describe('an object', () => {
  test('is one file with the bytes, and a record; parts may come in any order', async () => {
    const root = temporaryFolder()
    const bytes = randomBytes(10_500)
    const store = openStore(root)
    const published = await put(store, 'tank/with space@mon', bytes)
    expect(Buffer.compare(readFileSync(join(root, 'tank/with space@mon')), bytes)).toBe(0)
    expect(filesBelow(root)).toEqual([
      expect.stringMatching(/^tank\/\.with space@mon\.\d+\.zpipes$/),
      'tank/with space@mon',
    ])
    expect(published).toMatchObject({ size: 10_500, checksums: { xxh64: '0123' }, metadata: fresh.metadata })
    expect(await store.describe('tank/with space@mon')).toEqual(published)
  })

  test('is invisible until it is published, and abandoned without a trace', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    const upload = await store.create('a/b', fresh)
    await putParts(upload, randomBytes(5000))
    expect(await store.describe('a/b')).toBeUndefined()
    expect(await toArray(store.list(''))).toEqual([])
    expect(existsSync(join(root, 'a/b'))).toBe(false)
    await upload.abandon()
    expect(filesBelow(root)).toEqual([])
  })

  test('that is there is not replaced, also if it came meanwhile', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    const late = await store.create('k', fresh)
    await putParts(late, randomBytes(10, 2))
    await put(store, 'k', randomBytes(10, 1))
    await expect(late.publish({ size: 10, checksums: {} })).rejects.toMatchObject({ kind: 'exists' })
    await late.abandon()
    expect(new Uint8Array(readFileSync(join(root, 'k')))).toEqual(randomBytes(10, 1))
    expect(filesBelow(root)).toHaveLength(2)
    expect(await store.describe('k')).toMatchObject({ metadata: fresh.metadata })
  })

  test('is replaced whole, with its record, when that is asked for; an open reader keeps the old one', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    await put(store, 'k', randomBytes(10, 1))
    const reader = await store.open('k')
    await put(store, 'k', randomBytes(20, 2), { overwrite: true, metadata: { second: 'yes' } as never })
    expect(await store.describe('k')).toMatchObject({ size: 20, metadata: { second: 'yes' } })
    expect(filesBelow(root)).toHaveLength(2)
    const old = new Uint8Array(10)
    await reader.read(0, old)
    expect(old).toEqual(randomBytes(10, 1))
    await reader.close()
  })

  test('of many writers at once is one of theirs, whole, with its own record', async () => {
    const root = temporaryFolder()
    const writers = Array.from({ length: 8 }, async (_, index) => {
      const upload = await openStore(root, fakeOwner(`me-${index}`)).create('k', {
        overwrite: false,
        metadata: { writer: `${index}` },
      })
      await putParts(upload, randomBytes(3000, index + 1))
      try {
        await upload.publish({ size: 3000, checksums: {} })
        return index
      } catch (error) {
        expect(error).toMatchObject({ kind: 'exists' })
        await upload.abandon()
        return undefined
      }
    })
    const winners = (await Promise.all(writers)).filter((index) => index !== undefined)
    expect(winners).toHaveLength(1)
    const [winner = 0] = winners
    expect(new Uint8Array(readFileSync(join(root, 'k')))).toEqual(randomBytes(3000, winner + 1))
    expect(await openStore(root).describe('k')).toMatchObject({ metadata: { writer: `${winner}` } })
    expect(filesBelow(root)).toHaveLength(2)
  })

  test('with a proof that does not fit its parts is refused', async () => {
    const upload = await openStore(temporaryFolder()).create('k', fresh)
    await putParts(upload, randomBytes(10))
    await expect(upload.publish({ size: 11, checksums: {} })).rejects.toMatchObject({ kind: 'data' })
  })

  test('keeps its record when the directory is copied, and is refused when its size has changed', async () => {
    const root = temporaryFolder()
    await put(openStore(root), 'tank/k', randomBytes(10))
    const copy = temporaryFolder()
    await cp(root, copy, { recursive: true })
    const store = openStore(copy)
    expect(await store.describe('tank/k')).toMatchObject({ metadata: fresh.metadata })
    writeFileSync(join(copy, 'tank/k'), 'short')
    await expect(store.open('tank/k')).rejects.toThrow('is 5 bytes, 10 were stored')
    expect(await store.describe('tank/k')).toMatchObject({ size: 10, flaw: 'is 5 bytes, 10 were stored' })
  })

  test('that nobody recorded has no checksum; one with a damaged record is not trusted', async () => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'foreign'), 'by hand')
    expect(await openStore(root).describe('foreign')).toMatchObject({ size: 7, checksums: {}, metadata: {} })
    await put(openStore(root), 'k', randomBytes(10))
    const record = filesBelow(root).find((file) => file.endsWith('.zpipes')) ?? ''
    writeFileSync(join(root, record), '{"schema":1,"si')
    expect(await openStore(root).describe('k')).toMatchObject({
      metadata: {},
      flaw: expect.stringContaining('not JSON'),
    })
    await expect(openStore(root).open('k')).rejects.toMatchObject({ kind: 'data' })
    await put(openStore(root), 'other', randomBytes(10))
    const keys: string[] = []
    for await (const { key } of openStore(root).list('')) keys.push(key)
    expect(keys).toEqual(['foreign', 'k', 'other'])
  })

  test('that is missing is undefined, and unavailable when opened; removing it twice is no failure', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    expect(await store.describe('a/b/c')).toBeUndefined()
    await expect(store.open('a/b/c')).rejects.toMatchObject({ kind: 'unavailable' })
    await put(store, 'a/b', randomBytes(1))
    await store.remove('a/b')
    await store.remove('a/b')
    expect(filesBelow(root)).toEqual([])
  })
})

describe('the store', () => {
  test('lists by prefix, folder by folder', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    for (const key of ['b', 'tank/home@2', 'tank/home@1', 'tank/home/x@1', 'tankard', 'two\nlines'])
      await put(store, key, randomBytes(1))
    const keys = async (prefix: string) => (await toArray(store.list(prefix))).map(({ key }) => key)
    expect(await keys('')).toEqual(['b', 'tank/home/x@1', 'tank/home@1', 'tank/home@2', 'tankard', 'two\nlines'])
    expect(await keys('tank/home@')).toEqual(['tank/home@1', 'tank/home@2'])
    expect(await keys('tank')).toEqual(['tank/home/x@1', 'tank/home@1', 'tank/home@2', 'tankard'])
    expect(await keys('nothing/here')).toEqual([])
  })

  test('lists what is beside a name that is too long for its own, and a folder for root alone', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    await put(store, 'tank/home@1', randomBytes(1))
    for (const length of [216, 240, 255]) writeFileSync(join(root, 'tank', 'x'.repeat(length)), 'by hand')
    mkdirSync(join(root, 'lost+found'))
    writeFileSync(join(root, 'lost+found', '#12'), '')
    const keys = (await toArray(store.list(''))).map(({ key }) => key)
    expect(keys).toEqual(['tank/home@1', ...[216, 240, 255].map((length) => `tank/${'x'.repeat(length)}`)])
    expect(await store.describe('y'.repeat(300))).toBeUndefined()
    await expect(store.open('y'.repeat(300))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('does not make a missing root, whose disk may not be mounted', async () => {
    const root = join(temporaryFolder(), 'unmounted')
    await expect(openStore(root).create('a/b', fresh)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(existsSync(root)).toBe(false)
  })

  test('refuses a name that has no room, or that is one of its own', async () => {
    const store = openStore(temporaryFolder())
    await expect(store.create('x'.repeat(216), fresh)).rejects.toMatchObject({ kind: 'usage' })
    await expect(store.create('.k.12.zpipes', fresh)).rejects.toMatchObject({ kind: 'usage' })
    await put(store, 'y'.repeat(215), randomBytes(1))
  })
})

describe('an unfinished upload', () => {
  // Kept, so that the garbage collector does not close its file, about which Node complains.
  const left: Upload[] = []

  async function leaveUnfinished(root: string, owner: string, bytes: Uint8Array) {
    const upload = await openStore(root, fakeOwner(owner)).create('tank/k', fresh)
    left.push(upload)
    await putParts(upload, bytes)
  }

  test('is found, and goes on: equal parts are kept, others replaced, more are cut off', async () => {
    const root = temporaryFolder()
    const bytes = randomBytes(5000)
    await leaveUnfinished(root, 'gone-1', randomBytes(6000))
    const store = openStore(root)
    const [unfinished] = await toArray(store.unfinished('tank/'))
    expect(unfinished).toMatchObject({ key: 'tank/k', storedBytes: 6000, isOrphan: true })
    if (unfinished === undefined) return
    bytes[2500] = (bytes[2500] ?? 0) ^ 1
    const upload = await store.resume(unfinished, fresh)
    await putParts(upload, bytes)
    await upload.publish({ size: 5000, checksums: {} })
    expect(new Uint8Array(readFileSync(join(root, 'tank/k')))).toEqual(bytes)
    expect(await toArray(store.unfinished(''))).toEqual([])
  })

  test("is gone on with by one of those that would; another begins its own, and writes into nobody else's", async () => {
    const root = temporaryFolder()
    const [early, late] = [randomBytes(5000, 1), randomBytes(5000, 2)]
    await leaveUnfinished(root, 'gone-1', early)
    const [first, second] = [openStore(root, fakeOwner('me-1')), openStore(root, fakeOwner('me-2'))]
    const [found] = await toArray(first.unfinished('tank/'))
    const [seenToo] = await toArray(second.unfinished('tank/'))
    const upload = await first.resume(found!, fresh)
    await putParts(upload, early)
    expect(upload.reusedBytes).toBe(5000)
    // One that has looked before, one that looks now, and one that begins anew and clears up.
    const other = await second.resume(seenToo!, fresh)
    expect(await toArray(second.unfinished('tank/'))).not.toContainEqual(
      expect.objectContaining({ mayBeResumed: true }),
    )
    await (await second.create('tank/k', fresh)).abandon()
    await upload.publish({ size: 5000, checksums: {} })
    await putParts(other, late)
    await expect(other.publish({ size: 5000, checksums: {} })).rejects.toMatchObject({ kind: 'exists' })
    await other.abandon()
    expect(new Uint8Array(readFileSync(join(root, 'tank/k')))).toEqual(early)
    expect(filesBelow(root)).toHaveLength(2)
  })

  test('of a program that is gone is swept by the next upload of its key, a running one is left alone', async () => {
    const root = temporaryFolder()
    await leaveUnfinished(root, 'gone-1', randomBytes(10))
    await leaveUnfinished(root, 'alive-1', randomBytes(10))
    await put(openStore(root), 'tank/k', randomBytes(10))
    expect(filesBelow(root).filter((file) => file.endsWith('.upload'))).toEqual([expect.stringContaining('.alive-1.')])
  })

  test('is told of its last write to whoever knows what runs: after a restart another may have the number', async () => {
    const root = temporaryFolder()
    await leaveUnfinished(root, 'me-7', randomBytes(10))
    const [file = ''] = filesBelow(root)
    const written = new Date('2026-01-01')
    utimesSync(join(root, file), written, written)
    const after = {
      id: 'me-1',
      isGone: (id: string, lastWrite: Date) => id === 'me-7' && Number(lastWrite) === Number(written),
    }
    expect(await toArray(openStore(root, after).unfinished(''))).toMatchObject([{ isOrphan: true, mayBeResumed: true }])
    await (await openStore(root, after).create('tank/k', fresh)).abandon()
    expect(filesBelow(root)).toEqual([])
  })

  test('killed between its two names leaves an object with its record', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    await put(store, 'tank/k', randomBytes(10))
    const { linkSync } = await import('node:fs')
    linkSync(join(root, 'tank/k'), join(root, 'tank/.k.gone-7.01234567.upload'))
    const [unfinished] = await toArray(store.unfinished(''))
    // Whoever went on with it would write into the object.
    expect(unfinished).toMatchObject({ isOrphan: true, mayBeResumed: false })
    if (unfinished !== undefined) await store.remove(unfinished)
    expect(await store.describe('tank/k')).toMatchObject({ metadata: fresh.metadata })
    expect(filesBelow(root)).toHaveLength(2)
    rmSync(join(root, 'tank'), { recursive: true })
  })
})
