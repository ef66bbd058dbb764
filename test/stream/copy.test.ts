import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { piecesOf } from '../../src/stream/copy.ts'
import type { Input } from '../../src/stream/input.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'

async function collect(input: Input, pieceBytes: number) {
  const pieces: Buffer[] = []
  let error: unknown
  try {
    for await (const piece of piecesOf(input, pieceBytes)) pieces.push(Buffer.from(piece))
  } catch (caught) {
    error = caught
  }
  return { bytes: Buffer.concat(pieces), error }
}

describe('piecesOf', () => {
  test.each([0, 1, 99, 100, 101, 200, 1000, 1001])('gives an input of %i bytes as it is', async (size) => {
    const { bytes, error } = await collect(inputOf(randomBytes(size)), 100)
    expect(error).toBeUndefined()
    expect(Buffer.compare(bytes, randomBytes(size))).toBe(0)
  })

  test.each([100, 150, 300])('holds the last piece of %i bytes back when the end is no good one', async (size) => {
    const source = inputOf(randomBytes(size))
    const damaged: Input = {
      async fill(target) {
        const count = await source.fill(target)
        if (count < target.length) throw new Failure('data', 'damaged')
        return count
      },
      close: source.close,
    }
    const { bytes, error } = await collect(damaged, 100)
    expect(error).toMatchObject({ message: 'damaged' })
    expect(bytes.length).toBeLessThan(size)
  })
})
