import type { BufferPool } from './buffer-pool.ts'
import type { Input } from './input.ts'
import { WaitingMeter } from './waiting-meter.ts'

/** A slice of a stream in memory: from `offset`, numbered from 1. `release` gives its memory back. */
export interface Part {
  readonly number: number
  readonly offset: number
  readonly bytes: Uint8Array
  release(): void
}

// What is looked at at once while it is still in the processor's cache.
const pieceBytes = 1024 * 1024

/**
 * Cuts an input into parts, read into the pool's buffers and copied nowhere. Waits while all buffers are in use.
 * `partBytes` gives each part's size by its number, never less than the one before. An empty input has no part. Nothing is
 * read behind a part that is shorter: its bytes stay as they are, released or not, until the pool is retired.
 */
export async function* cutParts(
  input: Input,
  pool: BufferPool,
  partBytes: (number: number) => number,
  meter: WaitingMeter = new WaitingMeter(),
): AsyncGenerator<Part> {
  let offset = 0
  for (let number = 1; ; number++) {
    const size = partBytes(number)
    const buffer = await meter.during('output', pool.take(size))
    const count = await fillByPieces(input, buffer.subarray(0, size))
    if (count === 0) return pool.give(buffer)
    yield { number, offset, bytes: buffer.subarray(0, count), release: () => pool.give(buffer) }
    if (count < size) return
    offset += count
  }
}

async function fillByPieces(input: Input, target: Uint8Array): Promise<number> {
  let count = 0
  while (count < target.length) {
    const piece = target.subarray(count, count + pieceBytes)
    const filled = await input.fill(piece)
    count += filled
    if (filled < piece.length) break
  }
  return count
}
