import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { type GetOptions, getStream } from '../../src/store/get-stream.ts'
import { putStream } from '../../src/store/put-stream.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'
import { fakeOwner } from '../fakes/owner.ts'

const mib = 1024 * 1024
const putOptions = { overwrite: false, allowEmpty: true, metadata: () => ({}) }

async function storeWith(bytes: Uint8Array) {
  const root = temporaryFolder()
  const store = new DirectoryStore(root, { owner: fakeOwner(), readBack: false })
  await putStream(store, 'k', inputOf(bytes), putOptions)
  return { store, file: join(root, 'k') }
}

/** What a reader gets before the end or the failure. */
async function read(store: DirectoryStore, options: Partial<GetOptions> = {}) {
  const object = await store.open('k')
  const pieces: Buffer[] = []
  let error: unknown
  try {
    for await (const piece of getStream(store, object, { verify: true, checks: [], ...options }))
      pieces.push(Buffer.from(piece))
  } catch (caught) {
    error = caught
  }
  await object.close()
  return { bytes: Buffer.concat(pieces), error }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 0x10
  writeFileSync(file, bytes)
}

describe('getStream', () => {
  test.each([0, 1, mib - 1, mib, mib + 1, 7 * mib + 3])('gives an object of %i bytes as it was put', async (size) => {
    const bytes = randomBytes(size)
    const { store } = await storeWith(bytes)
    const got = await read(store)
    expect(got.error).toBeUndefined()
    expect(Buffer.compare(got.bytes, bytes)).toBe(0)
  })

  test.each([0, 5 * mib, 7 * mib + 2])('holds the last piece back when byte %i is damaged', async (at) => {
    const bytes = randomBytes(7 * mib + 3)
    const { store, file } = await storeWith(bytes)
    flip(file, at)
    const got = await read(store)
    expect(got.error).toMatchObject({ kind: 'data' })
    expect(got.bytes.length).toBeLessThanOrEqual(7 * mib)
  })

  test('gives nothing at all of a damaged object of one piece', async () => {
    const { store, file } = await storeWith(randomBytes(1000))
    flip(file, 999)
    expect((await read(store)).bytes.length).toBe(0)
  })

  test('gives any range, proven by the whole or not, and none of a range when the rest is damaged', async () => {
    const bytes = randomBytes(3 * mib + 5)
    const { store, file } = await storeWith(bytes)
    const ranges = fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length), fc.boolean())
    await fc.assert(
      fc.asyncProperty(ranges, async ([offset, length, verify]) => {
        const got = await read(store, { range: { offset, bytes: length }, verify })
        expect(got.error).toBeUndefined()
        expect(Buffer.compare(got.bytes, bytes.subarray(offset, offset + length))).toBe(0)
      }),
      { numRuns: 30 },
    )
    flip(file, 3 * mib)
    expect((await read(store, { range: { offset: 10, bytes: 10 } })).bytes.length).toBe(0)
    expect((await read(store, { range: { offset: 10, bytes: 10 }, verify: false })).bytes.length).toBe(10)
  })

  test('asks its checks before the last piece is given', async () => {
    const { store } = await storeWith(randomBytes(2 * mib))
    let seen = 0
    const check = {
      look: (piece: Uint8Array) => {
        seen += piece.length
      },
      async finish() {
        throw new Error('not content')
      },
    }
    const got = await read(store, { checks: [check] })
    expect(seen).toBe(2 * mib)
    expect(got.bytes.length).toBe(mib)
    expect(got.error).toMatchObject({ message: 'not content' })
  })
})
