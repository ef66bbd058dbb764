import { Failure } from '../../errors.ts'
import type { ByteRange } from './lost-ranges.ts'

const [countBytes, rangeBytes] = [4, 12]
// More than a request ever asks for: what says so is no patch.
const mostRanges = 100_000

/*
 *  A patch is a stream of its own: what it has, and then that, one after the other.
 *  0       4      10       16 …
 *  | count | from | length | from | length | … | bytes …
 */
export function writePatchHeader(ranges: readonly ByteRange[]): Buffer {
  const header = Buffer.alloc(countBytes + rangeBytes * ranges.length)
  header.writeUInt32BE(ranges.length)
  for (const [at, { from, to }] of ranges.entries()) {
    header.writeUIntBE(from, countBytes + rangeBytes * at, 6)
    header.writeUIntBE(to - from, countBytes + rangeBytes * at + 6, 6)
  }
  return header
}

/** The ranges and the header's length; undefined while it is not whole. Throws 'protocol' for what is none. */
export function readPatchHeader(bytes: Buffer): { ranges: ByteRange[]; headerBytes: number } | undefined {
  if (bytes.length < countBytes) return undefined
  const count = bytes.readUInt32BE(0)
  if (count > mostRanges) throw new Failure('protocol', `the patch has ${count} ranges: ${mostRanges} are the most`)
  const headerBytes = countBytes + rangeBytes * count
  if (bytes.length < headerBytes) return undefined
  const ranges = Array.from({ length: count }, (_, index) => {
    const at = countBytes + rangeBytes * index
    const from = bytes.readUIntBE(at, 6)
    return { from, to: from + bytes.readUIntBE(at + 6, 6) }
  })
  return { ranges, headerBytes }
}
