import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../../fakes/folder.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { fakeOwner } from '../../fakes/owner.ts'

function openStore(root: string) {
  return new DirectoryStore(root, { owner: fakeOwner(), readBack: false })
}

async function put(store: DirectoryStore, bytes: Uint8Array) {
  const size = bytes.length
  const upload = await store.create('k', { overwrite: true, metadata: { size: `${size}` } })
  await upload.putPart({ number: 1, offset: 0, bytes })
  await upload.publish({ size, checksums: { xxh64: `${size}` } })
}

describe('an object that is opened', () => {
  test('is made durable before another copy goes: bytes and name, whoever put them there', async () => {
    const root = temporaryFolder()
    const store = openStore(root)
    await put(store, randomBytes(10))
    const handle = await open(join(root, 'k'))
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync')
    onTestFinished(() => sync.mockRestore())
    await handle.close()
    const object = await store.open('k')
    expect(sync).toHaveBeenCalledTimes(0)
    await object.keep?.()
    expect(sync).toHaveBeenCalledTimes(2)
    await object.close()
  })

  test('while it is replaced again and again has the record of its own bytes', { timeout: 60_000 }, async () => {
    const store = openStore(temporaryFolder())
    await put(store, randomBytes(10))
    let isOver = false
    const writer = (async () => {
      for (let size = 11; size < 300; size++) await put(store, randomBytes(size))
      isOver = true
    })()
    let count = 0
    while (!isOver) {
      const object = await store.open('k')
      expect(object).toMatchObject({ metadata: { size: `${object.size}` }, checksums: { xxh64: `${object.size}` } })
      await object.close()
      count++
    }
    await writer
    expect(count).toBeGreaterThan(10)
  })

  test('is a plain file: a folder is none, nor a pipe, which would never be opened', async () => {
    const root = temporaryFolder()
    mkdirSync(join(root, 'folder'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    for (const key of ['folder', 'pipe']) {
      await expect(openStore(root).open(key)).rejects.toMatchObject({ kind: 'unavailable' })
    }
  })
})
