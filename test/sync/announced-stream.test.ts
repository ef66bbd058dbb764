import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AnnouncedStream } from '../../src/sync/announced-stream.ts'
import { Channel } from '../../src/sync/channel.ts'
import { aliveFrame, dataHeader, encodeMessage } from '../../src/sync/frames.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'

function announced(...frames: readonly Uint8Array[]): AnnouncedStream {
  const link = {
    input: inputOf(Buffer.concat(frames)),
    write: async () => {},
    finish: async () => {},
    close: async () => {},
  }
  return new AnnouncedStream(new Channel(link))
}

const data = (bytes: Uint8Array) => Buffer.concat([dataHeader(bytes.length), bytes])
const length = fc.integer({ min: 1, max: 5000 })

it('gives the bytes of its frames, however they are cut, up to the word that it is complete', async () => {
  const property = fc.asyncProperty(fc.array(length, { maxLength: 8 }), length, async (frameBytes, targetBytes) => {
    const pieces = frameBytes.map((bytes) => randomBytes(bytes))
    const stream = announced(...pieces.map(data), aliveFrame, encodeMessage({ type: 'complete' }))
    const found: Buffer[] = []
    for (let count = targetBytes; count === targetBytes; ) {
      const target = new Uint8Array(targetBytes)
      count = await stream.fill(target)
      found.push(Buffer.from(target.subarray(0, count)))
    }
    expect(Buffer.concat(found)).toEqual(Buffer.concat(pieces))
    expect(await stream.fill(new Uint8Array(1))).toBe(0)
  })
  await fc.assert(property, { numRuns: 100 })
})

it('fails as the sender says, and where it ends without a word', async () => {
  const trouble = { kind: 'data', message: 'the stream is truncated' }
  const stream = announced(data(randomBytes(10)), encodeMessage({ type: 'abort', trouble }))
  await expect(stream.fill(new Uint8Array(20))).rejects.toMatchObject(trouble)
  await expect(announced(data(randomBytes(10))).fill(new Uint8Array(20))).rejects.toMatchObject({ kind: 'retry' })
})
