/** CRCs from their definitions, a byte at a time, to hold against those that our programs use. Polynomials are reversed. */

const polynomial64 = 0x9a6c9329ac4bc9b5n
const high64 = Uint32Array.from({ length: 256 }, (_, byte) => Number(remainder64(byte) >> 32n))
const low64 = Uint32Array.from({ length: 256 }, (_, byte) => Number(remainder64(byte) & 0xffffffffn))

/** CRC-64/NVME, as 8 bytes, most significant first. */
export function crc64nvme(bytes: Uint8Array): Buffer {
  let high = 0xffffffff
  let low = 0xffffffff
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ low64[index]!
    high = (high >>> 8) ^ high64[index]!
  }
  const result = Buffer.alloc(8)
  result.writeUInt32BE(~high >>> 0, 0)
  result.writeUInt32BE(~low >>> 0, 4)
  return result
}

/** CRC-32 of zlib with 0xedb88320, CRC-32C with 0x82f63b78; 4 bytes, most significant first. */
export function crc32With(polynomial: number): (bytes: Uint8Array) => Buffer {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => remainder32(byte, polynomial))
  return (bytes) => {
    let crc = 0xffffffff
    for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!
    const result = Buffer.alloc(4)
    result.writeUInt32BE(~crc >>> 0)
    return result
  }
}

function remainder32(byte: number, polynomial: number): number {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1
  return rest
}

function remainder64(byte: number): bigint {
  let rest = BigInt(byte)
  for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? (rest >> 1n) ^ polynomial64 : rest >> 1n
  return rest
}
