import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { ReadableInput } from '../../src/stream/readable-input.ts'
import { randomBytes, readAll } from '../fakes/inputs.ts'

it.each([1, 1000, 64 * 1024, 1024 * 1024])(
  'gives all bytes of a stream in order to fills of %i bytes',
  async (fill) => {
    const bytes = randomBytes(Math.min(1_000_000, 5000 * fill))
    const stream = new PassThrough()
    const read = readAll(new ReadableInput(stream), fill)
    for (let at = 0; at < bytes.length; at += 70_000) {
      if (!stream.write(bytes.subarray(at, at + 70_000))) await new Promise((resolve) => stream.once('drain', resolve))
    }
    stream.end()
    expect(Buffer.compare(await read, bytes)).toBe(0)
  },
)

it('reads ahead no more than a little while nobody asks', async () => {
  const stream = new PassThrough()
  const input = new ReadableInput(stream)
  expect(await Promise.all([input.fill(new Uint8Array(1)), stream.write(Buffer.alloc(2))])).toEqual([1, true])
  let taken = 0
  const write = () => new Promise((resolve) => stream.write(Buffer.alloc(64 * 1024), resolve))
  const written = (async () => {
    for (; taken < 100; taken++) await write()
  })()
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  expect(taken).toBeLessThan(10)
  expect(await input.fill(new Uint8Array(6_000_000))).toBe(6_000_000)
  stream.destroy()
  await Promise.race([written, new Promise(setImmediate)])
})

it('ends where the stream ends, fails where it fails, and tells of an end that is none', async () => {
  const [ended, failed, closed] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const [atEnd, atFailure, atClose] = [ended, failed, closed].map((each) => new ReadableInput(each))
  ended.end('abc')
  expect(await atEnd?.fill(new Uint8Array(10))).toBe(3)
  expect(await atEnd?.fill(new Uint8Array(10))).toBe(0)
  const waiting = atFailure?.fill(new Uint8Array(10))
  failed.destroy(new Error('broken'))
  await expect(waiting).rejects.toThrow('broken')
  await expect(atFailure?.fill(new Uint8Array(10))).rejects.toThrow('broken')
  const unfinished = atClose?.fill(new Uint8Array(10))
  await atClose?.close()
  await expect(unfinished).rejects.toThrow('Premature close')
})
