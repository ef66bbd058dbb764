import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from '../../../src/store/s3/metadata-headers.ts'

test.each([
  ['are+mere', 'are+mere'],
  ['tank/with space@a:b', 'tank/with%20space@a:b'],
  ['grün', 'gr%C3%BCn'],
  ['100%', '100%25'],
  ['~!"#$&\'()*,-.;<=>?[\\]^_`{|}', '~!"#$&\'()*,-.;<=>?[\\]^_`{|}'],
])('%s is written %s', (value, header) => {
  expect(encodeMetadata({ parent: value })).toEqual({ parent: header })
  expect(decodeMetadata({ parent: header })).toEqual({ parent: value })
})

test.each([
  ['isfull', 'true'],
  ['is_full', 'true'],
])('what z3 wrote is read: %s', (key, value) => expect(decodeMetadata({ [key]: value })).toEqual({ [key]: value }))

test('what is no escape stays', () => {
  expect(decodeMetadata({ A: '100% %zz %ff' })).toEqual({ a: '100% %zz %ff' })
  expect(decodeMetadata()).toEqual({})
})

test('any value is read as it was written, in plain ASCII without spaces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const header = encodeMetadata({ a: value })['a']
      expect(header).toMatch(/^[!-~]*$/)
      expect(decodeMetadata({ a: header as string })).toEqual({ a: value })
    }),
  )
})
