import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareDigestThread } from '../../src/stream/digest-thread.ts'
import { Md5Lanes, Md5Sum } from '../../src/stream/md5-lanes.ts'
import { randomBytes } from '../fakes/inputs.ts'

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const lengths = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 16_000, max: 40_000 }))

test('many sums at once are each what it is alone, however the bytes are cut', () => {
  const lanes = Md5Lanes.create() as Md5Lanes
  const property = fc.property(
    fc.array(fc.array(lengths, { maxLength: 4 }), { minLength: 1, maxLength: 19 }),
    (cuts) => {
      const messages = cuts.map((pieces) => ({ sum: new Md5Sum(), pieces: pieces.map(randomBytes) }))
      const count = cuts.flat().length
      let done = 0
      for (const { sum, pieces } of messages) for (const piece of pieces) lanes.add(sum, piece, () => done++)
      while (lanes.waiting > 0) lanes.step()
      expect(done).toBe(count)
      for (const { sum, pieces } of messages) expect(lanes.hex(sum)).toBe(md5(Buffer.concat(pieces)))
    },
  )
  fc.assert(property, { numRuns: 200 })
})

test.each([1, 3, 30])('%d files at once in the threads that all have together', async (count) => {
  const sums = Array.from({ length: count }, async (_, index) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(100_000 + 1000 * index))
    bytes.set(randomBytes(bytes.length))
    const threads = await Promise.all([shareDigestThread('md5'), shareDigestThread('sha256')])
    for (let at = 0; at < bytes.length; at += 30_000) {
      await Promise.all(threads.map((thread) => thread.update(bytes.subarray(at, at + 30_000))))
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(await Promise.all(threads.map((thread) => thread.finish()))).toEqual([{ md5: md5(bytes) }, { sha256 }])
  })
  await Promise.all(sums)
})

test('one that is given up keeps no other waiting', async () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(100_000))
  const [first, second] = [await shareDigestThread('md5'), await shareDigestThread('md5')]
  await first.update(bytes)
  await first.stop()
  await second.update(bytes)
  expect(await second.finish()).toEqual({ md5: md5(bytes) })
})
