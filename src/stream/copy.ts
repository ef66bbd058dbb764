import type { Input } from './input.ts'
import type { Output } from './output.ts'
import type { Transfer } from './transfer.ts'

/** Writes pieces as they come and flushes them, counting bytes and waits. A piece is its owner's again when the next is asked for. */
export async function copy(pieces: AsyncIterable<Uint8Array>, output: Output, transfer: Transfer): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await transfer.meter.during('input', iterator.next())
      if (next.done) break
      await transfer.meter.during('output', output.write(next.value))
      transfer.doneBytes += next.value.length
    }
    await transfer.meter.during('output', output.flush())
  } finally {
    await iterator.return?.()
  }
}

/**
 * An input's bytes as pieces of up to `pieceBytes`. One is held back, so that the last is given only when the input has
 * reached its end well. A piece is overwritten when the next is asked for.
 */
export async function* piecesOf(input: Input, pieceBytes = 256 * 1024): AsyncGenerator<Uint8Array> {
  let [buffer, other] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)]
  let held: Uint8Array | undefined
  for (let count = pieceBytes; count === pieceBytes; ) {
    count = await input.fill(buffer)
    if (held !== undefined) yield held
    held = count > 0 ? buffer.subarray(0, count) : undefined
    const filled = buffer
    buffer = other
    other = filled
  }
  if (held !== undefined) yield held
}
