import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { putStream } from '../../src/store/put-stream.ts'
import type { Store, Upload } from '../../src/store/store.ts'
import { createDigest } from '../../src/stream/digest.ts'
import type { Input } from '../../src/stream/input.ts'
import { Transfer } from '../../src/stream/transfer.ts'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'
import { fakeOwner } from '../fakes/owner.ts'

const mib = 1024 * 1024
const options = { overwrite: false, allowEmpty: false, metadata: () => ({ a: 'b' }) }

function openStore(root: string) {
  return new DirectoryStore(root, { owner: fakeOwner(), readBack: true })
}

/** A store whose part `number` fails, as a full disk makes it. */
function failingStore(root: string, number: number): Store {
  const store = openStore(root)
  const create = async (...args: Parameters<Store['create']>): Promise<Upload> => {
    const upload = await store.create(...args)
    const putPart: Upload['putPart'] = async (part) => {
      if (part.number === number) throw new Failure('io', 'no space left')
      return upload.putPart(part)
    }
    return {
      reusedBytes: 0,
      putPart,
      publish: (proof) => upload.publish(proof),
      stop() {},
      leave: () => upload.leave(),
      abandon: () => upload.abandon(),
    }
  }
  return new Proxy(store, {
    get: (target, name) =>
      name === 'create' ? create : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
  })
}

describe('putStream', () => {
  test('records size, checksum and metadata, and counts what is stored', async () => {
    const bytes = randomBytes(9 * mib + 1)
    const digest = await createDigest('xxh64')
    digest.update(bytes)
    const transfer = new Transfer()
    const object = await putStream(openStore(temporaryFolder()), 'k', inputOf(bytes, 100_000), { ...options, transfer })
    expect(object).toMatchObject({ size: bytes.length, checksums: { xxh64: digest.hex() }, metadata: { a: 'b' } })
    expect(transfer.doneBytes).toBe(bytes.length)
  })

  test('asks for metadata only when the first part was read', async () => {
    let hasRead = false
    const input = inputOf(randomBytes(10))
    const watched: Input = {
      async fill(target) {
        const count = await input.fill(target)
        hasRead = true
        return count
      },
      close: () => input.close(),
    }
    const metadata = () => ({ read: `${hasRead}` })
    const object = await putStream(openStore(temporaryFolder()), 'k', watched, { ...options, metadata })
    expect(object.metadata).toEqual({ read: 'true' })
  })

  test('refuses an empty input, unless it may be', async () => {
    const root = temporaryFolder()
    await expect(putStream(openStore(root), 'k', inputOf(randomBytes(0)), options)).rejects.toThrow(
      'the input is empty',
    )
    expect(filesBelow(root)).toEqual([])
    const object = await putStream(openStore(root), 'k', inputOf(randomBytes(0)), { ...options, allowEmpty: true })
    expect(object.size).toBe(0)
  })

  test('does not read for a key that exists', async () => {
    const store = openStore(temporaryFolder())
    await putStream(store, 'k', inputOf(randomBytes(10)), options)
    const unread: Input = { fill: () => Promise.reject(new Error('was read')), close: async () => {} }
    await expect(putStream(store, 'k', unread, options)).rejects.toMatchObject({ kind: 'exists' })
  })

  test('leaves nothing when the input fails', async () => {
    const root = temporaryFolder()
    const input = inputOf(randomBytes(20 * mib))
    let fills = 0
    const broken: Input = {
      async fill(target) {
        if (++fills > 10) throw new Failure('data', 'truncated')
        return input.fill(target)
      },
      close: () => input.close(),
    }
    await expect(putStream(openStore(root), 'k', broken, options)).rejects.toThrow('truncated')
    expect(filesBelow(root)).toEqual([])
  })

  test('the failure that came first is thrown, though tidying up fails too', async () => {
    const store = failingStore(temporaryFolder(), 2)
    const create: Store['create'] = async (key, how) => ({
      ...(await store.create(key, how)),
      abandon: () => Promise.reject(new Failure('io', 'read-only file system')),
    })
    const stuck = new Proxy(store, {
      get: (target, name) => (name === 'create' ? create : Reflect.get(target, name, target)),
    })
    await expect(putStream(stuck, 'k', inputOf(randomBytes(3 * mib)), options)).rejects.toThrow('no space left')
  })

  test('a failed part ends the wait for a silent input, and leaves nothing', async () => {
    const root = temporaryFolder()
    const first = inputOf(randomBytes(mib))
    let stop: (error: Error) => void = () => {}
    const silence = new Promise<never>((_, reject) => {
      stop = reject
    })
    let given = 0
    const silent: Input = {
      async fill(target) {
        if (given === mib) return silence
        const count = await first.fill(target)
        given += count
        return count
      },
      async close() {
        stop(new Error('closed'))
      },
    }
    await expect(putStream(failingStore(root, 1), 'k', silent, options)).rejects.toThrow('no space left')
    expect(filesBelow(root)).toEqual([])
  })
})
