import { readFile, unlink } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { createAtomicFile, type Writer } from '../../stream/atomic-file.ts'
import type { ByteRange } from './lost-ranges.ts'

/** What a receiver's output lacks of a stream. */
export interface Missing {
  /** In rising order. The last ends at infinity where the end of the stream is not known. */
  readonly ranges: readonly ByteRange[]
  /** Of the whole stream, if its end was heard: its length, and XXH64 in 16 hexadecimal digits. */
  readonly totalBytes: number | undefined
  readonly digest: string | undefined
}

const title = '# zudp: what is missing of a stream; zudp-send --only sends it'

/*
 *  # zudp: what is missing …
 *  bytes 600000                or: bytes unknown
 *  xxh64 0123456789abcdef      or: xxh64 unknown
 *  1420-2839                   first and last byte, from 0 on
 *  9940-                       to the end, wherever it is
 */
export async function writeRepairRequest(path: string, missing: Missing, writer: Writer): Promise<void> {
  const { ranges, totalBytes = 'unknown', digest = 'unknown' } = missing
  const lines = ranges.map(({ from, to }) => `${from}-${to === Number.POSITIVE_INFINITY ? '' : to - 1}`)
  const text = [title, `bytes ${totalBytes}`, `xxh64 ${digest}`, ...lines, ''].join('\n')
  const file = await createAtomicFile(path, writer)
  await file.write(Buffer.from(text))
  await file.flush()
  await file.commit()
}

/** Throws 'configuration' for a file that is none. */
export async function readRepairRequest(path: string): Promise<Missing> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
  const [bytes = '', digest = '', ...rest] = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const [, total] = /^bytes (\d{1,15}|unknown)$/.exec(bytes) ?? []
  const [, sum] = /^xxh64 ([0-9a-f]{16}|unknown)$/.exec(digest) ?? []
  const ranges = rest.map(parseRange)
  if (total === undefined || sum === undefined || !areRising(ranges))
    throw new Failure('configuration', `${path}: is no list of what is missing`, {
      hint: 'zudp-recv --repair-request FILE writes one',
    })
  return {
    ranges,
    totalBytes: total === 'unknown' ? undefined : Number(total),
    digest: sum === 'unknown' ? undefined : sum,
  }
}

/** One that was written before, and is of no use any more. Whatever else has this name stays. */
export async function removeRepairRequest(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '')
  if (text.startsWith(title)) await unlink(path)
}

function parseRange(line: string): ByteRange {
  const [, first = '', last = ''] = /^(\d{1,15})-(\d{1,15})?$/.exec(line) ?? []
  if (first === '') return { from: 0, to: 0 }
  return { from: Number(first), to: last === '' ? Number.POSITIVE_INFINITY : Number(last) + 1 }
}

function areRising(ranges: readonly ByteRange[]): boolean {
  return ranges.every(({ from, to }, at) => from < to && from >= (ranges[at - 1]?.to ?? 0))
}
