import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ShipOptions, shipChunk, sightOfFile } from '../../src/chunks/ship-chunk.ts'
import { Failure } from '../../src/errors.ts'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { fakeOwner } from '../fakes/owner.ts'

/** A chunk, and a store with other bytes under its name; `beforeOpen` happens each time before they are compared. */
async function prepare(beforeOpen: (object: string) => void) {
  const folder = temporaryFolder()
  const [file, there] = [join(folder, 'xaa'), join(folder, 'store')]
  mkdirSync(there)
  writeFileSync(file, 'chunk')
  const object = join(there, 'xaa')
  writeFileSync(object, 'other')
  const store = new DirectoryStore(there, { owner: fakeOwner(), readBack: false })
  const open = store.open.bind(store)
  store.open = async (key) => {
    beforeOpen(object)
    return open(key)
  }
  const sight = (await sightOfFile(file)) as ShipOptions['sight']
  return { object, ship: () => shipChunk(store, 'xaa', file, { name: 'xaa', sight, checks: [] }) }
}

test('a chunk is stored whose rival is taken away before it is compared', async () => {
  const { object, ship } = await prepare((rival) => rmSync(rival))
  expect(await ship()).toMatchObject({ chunk: 'xaa', size: 5 })
  expect(readFileSync(object, 'utf8')).toBe('chunk')
})

test('a store that cannot be asked at the moment is no rival: its own failure is told', async () => {
  const { object, ship } = await prepare(() => {
    throw new Failure('unavailable', 'no route to the store')
  })
  await expect(ship()).rejects.toMatchObject({ kind: 'unavailable', message: 'no route to the store' })
  expect(readFileSync(object, 'utf8')).toBe('other')
})
