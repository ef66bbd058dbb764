import { Failure } from '../errors.ts'
import { piecesOf } from './copy.ts'
import { openInput } from './input.ts'

/**
 * The names that a command line gives, each once; `-` stands for those on standard input, one on a line. Throws 'usage'
 * for a `-` that is given twice.
 */
export async function readNames(words: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const place = words.indexOf('-')
  if (place < 0) return [...new Set(words)]
  if (words.includes('-', place + 1)) throw new Failure('usage', "'-' is given twice")
  return [...new Set(words.toSpliced(place, 1, ...(await linesOfStdin(signal))))]
}

async function linesOfStdin(signal: AbortSignal): Promise<readonly string[]> {
  const input = openInput(0, signal)
  const pieces: Buffer[] = []
  try {
    for await (const piece of piecesOf(input)) pieces.push(Buffer.from(piece))
  } finally {
    await input.close()
  }
  const lines = Buffer.concat(pieces).toString('utf8').split(/\r?\n/)
  return lines.filter((line) => line !== '')
}
