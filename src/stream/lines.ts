import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { Failure } from '../errors.ts'

// Not an import: that takes 15 ms at each start.
const split2 = createRequire(import.meta.url)('split2') as typeof import('split2')

// The longest path that Linux takes, and as much again.
const longestBytes = 8192

/** The lines of a stream, without their ends; a last one without an end too. A line beyond 8 KiB is a Failure 'data'. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>, separator: '\n' | '\0'): AsyncGenerator<string> {
  const source = Readable.from(copied(pieces), { objectMode: false })
  const lines = source.compose(split2(separator, { maxLength: longestBytes })) as AsyncIterable<string>
  try {
    for await (const line of lines) yield line
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'maximum buffer reached') throw error
    throw new Failure('data', `a name is longer than ${longestBytes} bytes`, { cause: error })
  }
}

/** Whoever gives a piece uses its memory again; a stream holds several. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece)
}
