import { appendFileSync } from 'node:fs'
import { createFletcher4, freeBytes } from '../../dist/zfs/send-stream/fletcher4.js'

/** A send stream of about so many bytes: BEGIN, as many WRITE records as fit, END. @param {number} streamBytes @param {number} recordBytes */
export function makeStream(streamBytes, recordBytes) {
  const fletcher4 = createFletcher4('simd')
  const records = Math.floor(streamBytes / (recordBytes + 312))
  const stream = new Uint8Array(new SharedArrayBuffer(312 * (records + 2) + records * recordBytes))
  const view = new DataView(stream.buffer)
  let at = 0
  const add = (/** @type {number} */ length) => {
    for (const end = at + length; at < end; ) {
      const piece = stream.subarray(at, Math.min(end, at + freeBytes))
      fletcher4.memory.set(piece, fletcher4.freeAt)
      fletcher4.add(fletcher4.freeAt, piece.length, false)
      at += piece.length
    }
  }
  view.setBigUint64(8, 0x2f5bacbacn, true)
  view.setBigUint64(16, 1n, true)
  view.setUint32(32, 2, true)
  stream.set(new TextEncoder().encode('bench/data@1'), 56)
  add(312)
  for (let record = 0; record < records; record++) {
    view.setUint32(at, 3, true)
    view.setBigUint64(at + 32, BigInt(recordBytes), true)
    add(280)
    stream.set(fletcher4.sums, at)
    add(32)
    for (let byte = 0; byte < recordBytes; byte += 4) view.setUint32(at + byte, record * 40503 + byte * 2654435, true)
    add(recordBytes)
  }
  view.setUint32(at, 5, true)
  stream.set(fletcher4.sums, at + 8)
  add(280)
  stream.set(fletcher4.sums, at)
  return stream
}

/** One of records of 128 KiB, into a file. @param {string} file @param {number} bytes  at most @returns {number} its bytes */
export function writeStream(file, bytes) {
  const stream = makeStream(bytes, 128 * 1024)
  // A single write takes less than 2 GiB.
  for (let at = 0; at < stream.length; at += 2 ** 30) appendFileSync(file, stream.subarray(at, at + 2 ** 30))
  return stream.length
}
