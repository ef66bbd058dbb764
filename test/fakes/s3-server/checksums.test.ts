import { describe, expect, test } from 'vitest'
import { createDigest } from '../../../src/stream/digest.ts'
import { randomBytes } from '../inputs.ts'
import { type Algorithm, checkBody, checksumOf, compositeOf, givenChecksum, parseType } from './checksums.ts'

const hexOf = (value: string) => Buffer.from(value, 'base64').toString('hex')

// The check values of the CRC catalogue.
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
] as const)('%s of 123456789', (algorithm, hex) => {
  expect(hexOf(checksumOf(algorithm, Buffer.from('123456789')).value)).toBe(hex)
})

test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const)("%s is what our programs' digest is", async (name) => {
  const bytes = randomBytes(100_003)
  const digest = await createDigest(name.toLowerCase() as Lowercase<Algorithm>)
  digest.update(bytes)
  expect(hexOf(checksumOf(name, bytes).value)).toBe(digest.hex())
})

test('a composite is a checksum of checksums, with their number', () => {
  const parts = ['one', 'two'].map((text) => checksumOf('CRC32', Buffer.from(text)))
  const both = Buffer.concat(parts.map(({ value }) => Buffer.from(value, 'base64')))
  expect(compositeOf('CRC32', parts).value).toBe(`${checksumOf('CRC32', both).value}-2`)
})

describe('a body', () => {
  const body = Buffer.from('body')
  const right = checksumOf('CRC32C', body).value

  test.each([
    ['a wrong checksum', { 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    ['a wrong MD5', { 'content-md5': 'rL0Y20zC+Fzt72VPzMSk2A==' }, 'BadDigest'],
    ['what is no checksum', { 'x-amz-checksum-crc32c': 'short' }, 'InvalidRequest'],
    ['two checksums', { 'x-amz-checksum-crc32c': right, 'x-amz-checksum-crc32': right }, 'InvalidRequest'],
  ])('with %s is refused', (_, headers, code) => {
    expect(() => checkBody(headers, body, 'CRC32C')).toThrow(expect.objectContaining({ code }))
  })

  test('with the right ones is taken', () => {
    const headers = { 'x-amz-checksum-crc32c': right, 'content-md5': 'hBotZRqIf8Re9U0uekEzlg==' }
    expect(() => checkBody({ 'x-amz-checksum-crc32c': right }, body, 'CRC32C')).not.toThrow()
    expect(givenChecksum(headers)).toEqual({ algorithm: 'CRC32C', value: right })
  })
})

test.each([
  ['CRC64NVME', undefined, 'FULL_OBJECT'],
  ['CRC32', undefined, 'COMPOSITE'],
  ['CRC32', 'FULL_OBJECT', 'FULL_OBJECT'],
  ['SHA256', undefined, 'COMPOSITE'],
] as const)('%s with type %s is %s', (algorithm, asked, type) => expect(parseType(algorithm, asked)).toBe(type))

test.each([
  ['CRC64NVME', 'COMPOSITE'],
  ['SHA256', 'FULL_OBJECT'],
  ['CRC32', 'ANOTHER'],
] as const)('%s with type %s is refused', (algorithm, asked) => {
  expect(() => parseType(algorithm, asked)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }))
})
