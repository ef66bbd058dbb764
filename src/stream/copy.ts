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

/** An input's bytes as pieces of up to `pieceBytes`, all in the same memory. */
export async function* piecesOf(input: Input, pieceBytes = 256 * 1024): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(pieceBytes)
  for (let count = pieceBytes; count === pieceBytes; ) {
    count = await input.fill(buffer)
    if (count > 0) yield buffer.subarray(0, count)
  }
}
