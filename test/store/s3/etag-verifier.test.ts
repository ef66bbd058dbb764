import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { etagVerifier } from '../../../src/store/s3/etag-verifier.ts'
import { randomBytes } from '../../fakes/inputs.ts'

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest()
}

function etagOf(bytes: Uint8Array, sizes: readonly number[]): string {
  let at = 0
  const parts = sizes.map((size) => {
    at += size
    return md5(bytes.subarray(at - size, at))
  })
  return `${md5(Buffer.concat(parts)).toString('hex')}-${sizes.length}`
}

test('any parts, in any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 300 }),
      async (sizes, step) => {
        const bytes = randomBytes(sizes.reduce((a, b) => a + b))
        const etag = etagOf(bytes, sizes)
        const verifier = etagVerifier(etag, sizes)
        for (let at = 0; at < bytes.length; at += step) await verifier.update(bytes.subarray(at, at + step))
        expect(await verifier.found()).toBe(etag)
      },
    ),
  )
})

test('an empty object of one empty part', async () => {
  const etag = etagOf(randomBytes(0), [0])
  expect(await etagVerifier(etag, [0]).found()).toBe(etag)
})

test.each([0, 1, 1000])('an object of one piece with %i bytes', async (size) => {
  const bytes = randomBytes(size)
  const etag = md5(bytes).toString('hex')
  const verifier = etagVerifier(etag, [size])
  await verifier.update(bytes)
  expect([await verifier.found(), verifier.recorded, verifier.name]).toEqual([etag, etag, 'ETag'])
})

test('other bytes have another', async () => {
  const bytes = randomBytes(1000)
  const verifier = etagVerifier(etagOf(bytes, [600, 400]), [600, 400])
  await verifier.update(randomBytes(1000, 2))
  expect(await verifier.found()).not.toBe(verifier.recorded)
})

test.each([[[1000]], [[600, 400]]])('bytes behind parts of %j have another', async (sizes) => {
  const bytes = randomBytes(1000)
  const etag = sizes.length === 1 ? md5(bytes).toString('hex') : etagOf(bytes, sizes)
  const verifier = etagVerifier(etag, sizes)
  await verifier.update(bytes)
  await verifier.update(randomBytes(1))
  expect(await verifier.found()).not.toBe(etag)
})
