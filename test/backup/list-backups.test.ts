import { expect, it } from 'vitest'
import { isBackupKey, listBackups } from '../../src/backup/list-backups.ts'
import { openStore } from '../../src/store/open-store.ts'
import { putStream } from '../../src/store/put-stream.ts'
import type { Metadata } from '../../src/store/store.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { inputOf } from '../fakes/inputs.ts'
import { fakeOwner } from '../fakes/owner.ts'

/** What is listed of `tank/a b`, when these metadata are kept under these keys. */
async function listed(objects: Readonly<Record<string, Metadata>>) {
  const place = { scheme: 'file', directory: temporaryFolder(), key: '' } as const
  const store = await openStore(place, { owner: fakeOwner(), readBack: false })
  for (const [key, metadata] of Object.entries(objects)) {
    const options = { overwrite: false, allowEmpty: false, metadata: () => metadata }
    await putStream(store, key, inputOf(new TextEncoder().encode('bytes')), options)
  }
  return listBackups(store, 'tank/a b')
}

it('lists the dataset alone', async () => {
  const none = {}
  const found = await listed({ 'tank/a b@s1': none, 'tank/a b/c@s1': none, 'tank/a bc@s1': none, 'tank/a@s1': none })
  expect(found.map(({ name }) => name)).toEqual(['tank/a b@s1'])
})

it.for([
  ['a full of z3', { isfull: 'true', size: '7', compressor: 'pigz1' }, { isFull: true, compressor: 'pigz1' }],
  ['a full of an old z3', { is_full: 'true' }, { isFull: true, compressor: undefined }],
  ['the same from Swift or Ceph', { 'is-full': 'true' }, { isFull: true }],
  ['an increment of z3', { parent: 'tank/a b@s0' }, { isFull: false, parent: 'tank/a b@s0', guid: undefined }],
  ['isfull in other letters', { isfull: 'True' }, { isFull: false }],
  ['an increment that says so', { isfull: 'false', parent: 'tank/a b@s0' }, { isFull: false }],
  ['a full of pput alone', { 'zfs-guid': '01' }, { isFull: true, guid: '01', fromGuid: undefined }],
  ['an increment of pput alone', { 'zfs-guid': '02', 'zfs-from-guid': '01' }, { isFull: false, fromGuid: '01' }],
  ['what no one says anything of', {}, { isFull: false, parent: undefined }],
  ['what is encrypted', { encryptor: 'gpg' }, { encryptor: 'gpg' }],
] as const)('reads %s', async ([, metadata, expected]) => {
  expect(await listed({ 'tank/a b@s1': metadata })).toMatchObject([{ name: 'tank/a b@s1', ...expected }])
})

it.for([
  ['before it was stored', 1000, 1000],
  ['in the future, as by a wrong clock: when it was stored', 4e9, undefined],
  ['at no time at all', 1e20, undefined],
  ['in words', 'monday', undefined],
] as const)('taken %s', async ([, seconds, expected]) => {
  const before = Date.now()
  const [found] = await listed({ 'tank/a b@s1': { 'zfs-creation': String(seconds) } })
  const time = found?.creation.getTime() ?? 0
  if (expected !== undefined) expect(time).toBe(expected * 1000)
  else expect([time >= before, time <= Date.now()]).toEqual([true, true])
})

it('passes over keys that lead elsewhere', async () => {
  const objects = [
    'tank/a b@s1',
    '../x@s1',
    'tank/a@s\x1b[2J',
    'tank/a\0b@s1',
    'tank/a\nb@s1',
    'tank/../x@s1',
    './x@s1',
    'a//b@s1',
    '/x@s1',
    '.zpipes/x@s1',
    'x@a/b',
    'x@',
  ]
  expect(objects.filter(isBackupKey)).toEqual(['tank/a b@s1'])
})

it('believes the stream that it is an increment, and not who stored it', async () => {
  const [found] = await listed({ 'tank/a b@s1': { isfull: 'true', 'zfs-guid': '02', 'zfs-from-guid': '01' } })
  expect(found?.isFull).toBe(false)
})
