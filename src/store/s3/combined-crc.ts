import type { CrcName } from './part-checksum.ts'

/** Reflected polynomials, as in the digests; the width is their length in bits. */
const polynomials: Readonly<Record<CrcName, { readonly width: bigint; readonly polynomial: bigint }>> = {
  crc32: { width: 32n, polynomial: 0xedb88320n },
  crc32c: { width: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
}

export interface ChecksummedPart {
  readonly bytes: number
  /** Hexadecimal. */
  readonly checksum: string
}

/**
 * The CRC of all parts put together, from theirs alone: no byte is looked at again. As crc32_combine of zlib does it: a
 * CRC moves behind n more bytes when it is multiplied by x^8n, modulo the polynomial.
 */
export function combineCrcs(name: CrcName, parts: Iterable<ChecksummedPart>): string {
  const { width } = polynomials[name]
  const shifts = new Map<number, bigint>()
  let whole = 0n
  for (const { bytes, checksum } of parts) {
    const shift = shifts.get(bytes) ?? shiftBy(name, bytes)
    shifts.set(bytes, shift)
    whole = multiply(name, shift, whole) ^ BigInt(`0x${checksum}`)
  }
  return whole.toString(16).padStart(Number(width) / 4, '0')
}

/** x^8n modulo the polynomial, by squaring. */
function shiftBy(name: CrcName, bytes: number): bigint {
  const { width } = polynomials[name]
  let power = 1n << (width - 9n)
  let product = 1n << (width - 1n)
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) product = multiply(name, power, product)
    power = multiply(name, power, power)
  }
  return product
}

/** Reflected: the highest bit is x^0. */
function multiply(name: CrcName, a: bigint, b: bigint): bigint {
  const { width, polynomial } = polynomials[name]
  let product = 0n
  for (let bit = 1n << (width - 1n), shifted = b; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}
