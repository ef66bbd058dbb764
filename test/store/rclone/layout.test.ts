import { expect, test } from 'vitest'
import { isRecordOf, parseUploadName, recordedName } from '../../../src/store/directory/layout.ts'
import { filesOf, newRecordKey, uploadKey } from '../../../src/store/rclone/layout.ts'

test.each([
  ['tank/a b/home@mon', { folder: 'tank/a b/', name: 'home@mon' }],
  ['mon', { folder: '', name: 'mon' }],
])('the folder and the name of %s', (key, files) => {
  expect(filesOf(key)).toEqual(files)
})

test.each(['mon.1', 'two\nlines.1'])('the directory store knows a record and an upload of %j', (ending) => {
  const files = filesOf(`tank/home@${ending}`)
  const [, name = ''] = newRecordKey(files).split('tank/')
  expect(isRecordOf(`home@${ending}`, name)).toBe(true)
  expect(recordedName(name)).toBe(`home@${ending}`)
  expect(isRecordOf('home@mon', name)).toBe(false)
  const upload = uploadKey(files, 'host-1.0123abcd')
  expect(upload).toBe(`tank/.home@${ending}.host-1.0123abcd.upload`)
  expect(parseUploadName(upload.slice('tank/'.length))?.name).toBe(`home@${ending}`)
})

test('two records never have one name', () => {
  const files = filesOf('k')
  expect(new Set(Array.from({ length: 1000 }, () => newRecordKey(files))).size).toBe(1000)
})

test.each([
  ['a name without room for the rest', `tank/${'x'.repeat(216)}`, 'too long for a file name'],
  ['a name of two-byte letters without room', `tank/${'ö'.repeat(108)}`, 'too long for a file name'],
  ["the store's own form", 'tank/.k.1.zpipes', 'belongs to the store itself'],
])('%s is no key', (_, key, message) => {
  expect(() => filesOf(key)).toThrow(message)
})

test('a name that just fits', () => {
  const key = 'ö'.repeat(107)
  expect(Buffer.byteLength(newRecordKey(filesOf(key)))).toBeLessThanOrEqual(255)
})
