import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { StoredObject } from '../../../src/store/store.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { openTestStore, storeOn } from './store-on.ts'

const bytes = Buffer.from(randomBytes(100_000))

async function opened(options = {}) {
  const { store, standIn, client, name } = await openTestStore(options)
  const put = (body: Buffer, key = 'a key, (not) so simple+*') =>
    client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }))
  await put(bytes)
  const object = await store.open('a key, (not) so simple+*')
  const read = async (offset: number, length: number) => {
    const target = new Uint8Array(length)
    await object.read(offset, target)
    return Buffer.from(target)
  }
  const gets = () => standIn.handled.filter(({ operation }) => operation === 'GetObject')
  return { store, read, put, gets }
}

test('the SDK makes the first request for an object, the others are signed anew', async () => {
  const { read, gets } = await opened({ headers: { 'x-amz-meta-own': 'header' } })
  for (const offset of [0, 30_000, 60_000]) {
    expect((await read(offset, 30_000)).equals(bytes.subarray(offset, offset + 30_000))).toBe(true)
  }
  expect(gets().map(({ status, headers }) => [status, 'amz-sdk-request' in headers])).toEqual([
    [206, true],
    [206, false],
    [206, false],
  ])
  expect(new Set(gets().map(({ headers }) => headers['authorization'])).size).toBe(3)
  expect(gets().map(({ headers }) => headers['x-amz-meta-own'])).toEqual(['header', 'header', 'header'])
})

test('another object is asked for by the SDK first', async () => {
  const { store, read, put, gets } = await opened()
  await put(Buffer.from('other'), 'other')
  await read(0, 10)
  const other = await store.open('other')
  const target = new Uint8Array(5)
  await other.read(0, target)
  expect(Buffer.from(target).toString()).toBe('other')
  expect(gets().every(({ headers }) => 'amz-sdk-request' in headers)).toBe(true)
  expect((await read(10, 10)).equals(bytes.subarray(10, 20))).toBe(true)
})

test('what is not the range is left to the SDK to make sense of', async () => {
  const { read, put, gets } = await opened()
  await read(0, 10)
  await put(Buffer.from(randomBytes(100_000, 2)))
  await expect(read(10, 10)).rejects.toMatchObject({ kind: 'data', message: expect.stringContaining('was replaced') })
  expect(gets().map(({ status, headers }) => [status, 'amz-sdk-request' in headers])).toEqual([
    [206, true],
    [412, false],
    [412, true],
  ])
})

test('of many objects, each is described as the SDK would have it', async () => {
  const { store, standIn, client, name: Bucket } = await openTestStore()
  const keys = ['plain', 'a key, (not) so simple+*', "d/e//f'!~", '/first', 'Ünï/%2F?x=1&#', 'a\u0301\n']
  for (const [index, Key] of keys.entries()) {
    const Metadata = { number: `${index}`, 'words-of-it': 'Q%C3%A4' }
    const ChecksumAlgorithm = index % 2 === 0 ? 'CRC64NVME' : undefined
    await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes.subarray(index), Metadata, ChecksumAlgorithm }))
  }
  const before = standIn.handled.length
  const listed: StoredObject[] = []
  for (let round = 0; round < 2; round++) for await (const each of store.list('')) listed.push(each)
  const heads = standIn.handled.slice(before).filter(({ operation }) => operation === 'HeadObject')
  expect(heads.map(({ headers }) => 'amz-sdk-request' in headers)).toEqual([
    ...keys.map(() => true),
    ...keys.map(() => false),
  ])
  expect(listed.slice(0, keys.length).map(({ key }) => key)).toEqual(keys.toSorted())
  for (const each of listed) expect(each).toEqual(await storeOn(standIn, Bucket).describe(each.key))
})

test('who asks about many objects soon asks without the SDK, and hears the same of those that are not there', async () => {
  const { store, standIn, client, name: Bucket } = await openTestStore()
  await client.send(new PutObjectCommand({ Bucket, Key: 'there', Body: bytes }))
  const before = standIn.handled.length
  const first = await store.describe('there')
  expect(first).toMatchObject({ size: bytes.length })
  for (let round = 0; round < 8; round++) expect(await store.describe(`not there ${round}`)).toBeUndefined()
  expect(await store.describe('there')).toEqual(first)
  const heads = standIn.handled.slice(before).filter(({ operation }) => operation === 'HeadObject')
  expect(heads.map(({ status, headers }) => [status, 'amz-sdk-request' in headers])).toEqual([
    [200, true],
    ...Array(6).fill([404, true]),
    ...Array(2).fill([404, false]),
    [200, false],
  ])
})
