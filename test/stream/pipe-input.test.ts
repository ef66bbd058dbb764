import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import koffi from 'koffi'
import { describe, expect, test } from 'vitest'
import { openInput } from '../../src/stream/input.ts'
import { PipeInput } from '../../src/stream/pipe-input.ts'
import { openFifo } from '../fakes/fifo.ts'
import { randomBytes, readAll } from '../fakes/inputs.ts'

/** One without a name: of these alone Linux reads without waiting. */
function openPipe(): readonly [readEnd: number, writeEnd: number] {
  const ends = Buffer.alloc(8)
  expect(koffi.load(null).func('int pipe(void *ends)')(ends)).toBe(0)
  return [ends.readInt32LE(0), ends.readInt32LE(4)]
}

/** Opens a file until it has this number, which is free soon. */
async function openedAs(fd: number): Promise<number> {
  for (;;) {
    const opened = openSync('package.json', 'r')
    if (opened === fd) return opened
    closeSync(opened)
    await new Promise(setImmediate)
  }
}

describe('a pipe as input', () => {
  test.each([1, 100, 312, 64 * 1024, 100_000, 1024 * 1024])(
    'gives all bytes in order to fills of %i bytes',
    async (fillBytes) => {
      const bytes = randomBytes(Math.min(300_000, fillBytes * 5000))
      const fifo = openFifo()
      const input = openInput(fifo.readEnd)
      expect(input).toBeInstanceOf(PipeInput)
      const read = readAll(input, fillBytes)
      for (let at = 0; at < bytes.length; at += 30_000) {
        fifo.write(bytes.subarray(at, at + 30_000))
        await new Promise(setImmediate)
      }
      fifo.endWriting()
      expect(Buffer.compare(await read, bytes)).toBe(0)
    },
  )

  test('gives a fill only when it is full', async () => {
    const fifo = openFifo()
    const input = openInput(fifo.readEnd)
    let isFilled = false
    const filled = input.fill(new Uint8Array(10)).then((count) => {
      isFilled = true
      return count
    })
    fifo.write(randomBytes(9))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isFilled).toBe(false)
    fifo.write(randomBytes(1))
    expect(await filled).toBe(10)
    await input.close()
    fifo.endWriting()
  })

  test('gives 0 again and again after the end', async () => {
    const fifo = openFifo()
    fifo.endWriting()
    const input = openInput(fifo.readEnd)
    expect(await input.fill(new Uint8Array(10))).toBe(0)
    expect(await input.fill(new Uint8Array(10))).toBe(0)
  })

  test('reads nothing once it is closed, whoever has got its number since', async () => {
    const [readEnd, writeEnd] = openPipe()
    closeSync(writeEnd)
    const input = openInput(readEnd)
    expect(await input.fill(new Uint8Array(10))).toBe(0)
    await input.close()
    const other = await openedAs(readEnd)
    await expect(input.fill(new Uint8Array(10))).rejects.toThrow('closed')
    const first = Buffer.alloc(1)
    readSync(other, first)
    expect(first.toString()).toBe('{')
    closeSync(other)
  })

  test('ends a waiting fill when it is aborted, and when it is closed', async () => {
    const abort = new AbortController()
    const aborted = openFifo()
    const waiting = openInput(aborted.readEnd, abort.signal).fill(new Uint8Array(10))
    abort.abort(new Error('stop'))
    await expect(waiting).rejects.toThrow('stop')
    aborted.endWriting()

    const closed = openFifo()
    const input = openInput(closed.readEnd)
    const unfinished = input.fill(new Uint8Array(10))
    await input.close()
    await expect(unfinished).rejects.toThrow('closed')
    expect(() => closed.write(randomBytes(1))).toThrow('EPIPE')
    closed.endWriting()
  })

  test('reads ahead no more than a spill while nobody asks', async () => {
    const fifo = openFifo()
    const input = openInput(fifo.readEnd)
    const target = new Uint8Array(1000)
    fifo.write(randomBytes(500_000))
    expect(await input.fill(target)).toBe(1000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(target).toEqual(randomBytes(1000))
    fifo.endWriting()
    expect((await readAll(input)).length).toBe(499_000)
  })

  test('lets the event loop have its turn though there is always more to read', async () => {
    const [readEnd, writeEnd] = openPipe()
    const input = openInput(readEnd)
    const [piece, target] = [randomBytes(32_768), new Uint8Array(32_768)]
    let hasTurned = false
    setImmediate(() => {
      hasTurned = true
    })
    for (let bytes = 0; !hasTurned && bytes < 128 * 1024 * 1024; bytes += piece.length) {
      writeSync(writeEnd, piece)
      await input.fill(target)
    }
    expect(hasTurned).toBe(true)
    await input.close()
    closeSync(writeEnd)
  })
})
