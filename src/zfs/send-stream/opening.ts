import { magicBytes } from './record-layout.ts'

/** The bytes that tell what an input is: a BEGIN's type, its payload's length, its magic number. */
export const openingBytes = 16

/** 'damaged': a send stream without doubt, though not all of its first bytes are right. */
export type Opening = 'zfs' | 'damaged' | 'bytes'

const magicAt = 8
const littleEndian: readonly number[] = magicBytes
const bigEndian: readonly number[] = magicBytes.toReversed()

/**
 * What an input is that begins so. With one byte wrong of the magic number's eight it is still a stream: that other
 * data look so by chance is as good as impossible, and passed as plain bytes its damage would not be seen.
 */
export function recogniseOpening(first: Uint8Array): Opening {
  const wrongBytes = Math.min(wrongIn(first, littleEndian), wrongIn(first, bigEndian))
  if (!startsWithBegin(first)) return wrongBytes === 0 ? 'damaged' : 'bytes'
  if (wrongBytes === 0) return 'zfs'
  return wrongBytes === 1 ? 'damaged' : 'bytes'
}

/**
 * Whether an input that ended within its opening can be the beginning of a stream. A few zeros can: to refuse them costs
 * nobody anything, and to store a stream's first eight bytes as a backup would.
 */
export function isCutOpening(first: Uint8Array): boolean {
  const fits = (magic: readonly number[]) => first.subarray(magicAt).every((byte, index) => byte === magic[index])
  return first.length > 0 && startsWithBegin(first) && (fits(littleEndian) || fits(bigEndian))
}

function startsWithBegin(first: Uint8Array): boolean {
  return first.subarray(0, 4).every((byte) => byte === 0)
}

function wrongIn(first: Uint8Array, magic: readonly number[]): number {
  return magic.filter((byte, index) => first[magicAt + index] !== byte).length
}
