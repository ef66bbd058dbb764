import { copyFileSync, readdirSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { parseRecord } from '../../../src/store/directory/record.ts'
import { temporaryFolder } from '../../fakes/folder.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { fakeOwner } from '../../fakes/owner.ts'

function openStore(root: string) {
  return new DirectoryStore(root, { owner: fakeOwner(), readBack: true })
}

async function put(root: string, note: string) {
  const upload = await openStore(root).create('k', { overwrite: true, metadata: { note } })
  await upload.putPart({ number: 1, offset: 0, bytes: randomBytes(10) })
  await upload.publish({ size: 10, checksums: {} })
}

const good = { schema: 1, size: 1, checksums: {}, metadata: {}, published: '2026-11-21T02:37:29.770Z' }

test('a record is read as it was written', () => {
  expect(parseRecord(JSON.stringify(good), 'file')).toEqual(good)
})

test.each([
  '',
  'null',
  '1',
  '[]',
  ...Object.keys(good).map((key) => JSON.stringify({ ...good, [key]: undefined })),
  ...Object.keys(good).map((key) => JSON.stringify({ ...good, [key]: null })),
  JSON.stringify({ ...good, schema: 2 }),
  JSON.stringify({ ...good, size: -1 }),
  JSON.stringify({ ...good, checksums: { xxh64: 7 } }),
  JSON.stringify({ ...good, metadata: { compressor: ['gzip'] } }),
  JSON.stringify({ ...good, published: 'yesterday' }),
])('%s is no record: its object is not trusted', (text) => {
  expect(() => parseRecord(text, 'file')).toThrow(expect.objectContaining({ kind: 'data' }))
})

test('of several records that a copy has for bytes of one length, the last one counts', async () => {
  const mirror = temporaryFolder()
  // As `rsync -a` without --delete does it, in any order of names.
  for (const [index, note] of ['first', 'second', 'third', 'last'].entries()) {
    const root = temporaryFolder()
    await put(root, note)
    const [record = ''] = readdirSync(root).filter((name) => name.endsWith('.zpipes'))
    copyFileSync(join(root, record), join(mirror, `.k.${[5, 3, 9, 7][index]}.zpipes`))
    await cp(join(root, 'k'), join(mirror, 'k'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(await openStore(mirror).describe('k')).toMatchObject({ metadata: { note: 'last' } })
  for await (const each of openStore(mirror).list(''))
    expect(each).toMatchObject({ key: 'k', metadata: { note: 'last' } })
})

test('a copy of many is listed with the record of each', async () => {
  const [root, mirror] = [temporaryFolder(), join(temporaryFolder(), 'mirror')]
  const keys = ['a', 'a.1', 'a.1.2', 'b@c', 'd/e', 'd/.f']
  for (const key of keys) {
    const upload = await openStore(root).create(key, { overwrite: false, metadata: { note: key } })
    await upload.putPart({ number: 1, offset: 0, bytes: randomBytes(10) })
    await upload.publish({ size: 10, checksums: {} })
  }
  await cp(root, mirror, { recursive: true })
  const notes: (string | undefined)[] = []
  for await (const { metadata } of openStore(mirror).list('')) notes.push(metadata['note'])
  expect(notes.toSorted()).toEqual(keys.toSorted())
})
