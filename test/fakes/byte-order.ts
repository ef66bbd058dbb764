import { noSums, referenceFletcher4, type Sums } from './reference-fletcher4.ts'
import { fieldsOfType } from './send-stream-writer.ts'
import { type FoundRecord, recordsOf } from './stream-records.ts'

/** A recorded little-endian stream as a big-endian machine would have sent it: every number and every sum. */
export function asBigEndian(stream: Uint8Array): Uint8Array {
  const result = Uint8Array.from(stream)
  const records = recordsOf(stream)
  for (const record of records) swapFields(new DataView(result.buffer), record)
  return signed(result, records, false)
}

/** A changed little-endian stream with the checksums that it should have now, as far as its records can be made out. */
export function resigned(stream: Uint8Array): Uint8Array {
  return signed(Uint8Array.from(stream), recordsOf(stream), true)
}

function signed(stream: Uint8Array, records: readonly FoundRecord[], isLittleEndian: boolean): Uint8Array {
  const view = new DataView(stream.buffer)
  const setSums = (at: number, sums: Sums) => {
    for (const [index, sum] of sums.entries()) view.setBigUint64(at + 8 * index, sum, isLittleEndian)
  }
  let sums: Sums = noSums
  for (const { type, at, end } of records) {
    const isBegin = type === 'BEGIN'
    if (isBegin) sums = noSums
    if (type === 'END' && !isZero(stream, at + 8, 32)) setSums(at + 8, sums)
    sums = referenceFletcher4(stream.subarray(at, at + 280), isLittleEndian, sums)
    if (!isBegin && !isZero(stream, at + 280, 32)) setSums(at + 280, sums)
    sums = referenceFletcher4(
      stream.subarray(at + 280, lastWord(at, Math.min(end, stream.length))),
      isLittleEndian,
      sums,
    )
  }
  return stream
}

function lastWord(at: number, end: number): number {
  return end - ((end - at) % 4)
}

function swapFields(view: DataView, { type, at }: FoundRecord): void {
  for (const [offset, bytes] of [[0, 4], [4, 4], ...fieldsOfType[type]] as const) {
    if (bytes === 4) view.setUint32(at + offset, view.getUint32(at + offset, true), false)
    else view.setBigUint64(at + offset, view.getBigUint64(at + offset, true), false)
  }
}

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  return bytes.subarray(at, at + length).every((byte) => byte === 0)
}
