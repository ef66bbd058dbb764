import { noSums, referenceFletcher4, type Sums } from './reference-fletcher4.ts'
import { fieldsOfType } from './send-stream-writer.ts'
import { type FoundRecord, recordsOf } from './stream-records.ts'

/** A recorded little-endian stream as a big-endian machine would have sent it: every number and every sum. */
export function asBigEndian(stream: Uint8Array): Uint8Array {
  const result = Uint8Array.from(stream)
  const view = new DataView(result.buffer)
  let sums: Sums = noSums
  for (const record of recordsOf(stream)) {
    const isBegin = record.type === 'BEGIN'
    if (isBegin) sums = noSums
    swapFields(view, record)
    if (record.type === 'END' && !isZero(result, record.at + 8, 32)) setSums(view, record.at + 8, sums)
    sums = referenceFletcher4(result.subarray(record.at, record.at + 280), false, sums)
    if (!isBegin && !isZero(result, record.at + 280, 32)) setSums(view, record.at + 280, sums)
    sums = referenceFletcher4(result.subarray(record.at + 280, record.end), false, sums)
  }
  return result
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

function setSums(view: DataView, at: number, sums: Sums): void {
  for (const [index, sum] of sums.entries()) view.setBigUint64(at + 8 * index, sum, false)
}
