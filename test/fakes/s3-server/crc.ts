import { createCRC64 } from 'hash-wasm'

// Each part and object is held against it: from its definition it would be half of what those tests take.
const nvme = await createCRC64('9a6c9329ac4bc9b5')

/** CRC-64/NVME, as 8 bytes, most significant first. */
export function crc64nvme(bytes: Uint8Array): Buffer {
  return Buffer.from(nvme.init().update(bytes).digest('binary'))
}

/**
 * From the definition, to hold against the one that our programs use: CRC-32 of zlib with 0xedb88320, CRC-32C with
 * 0x82f63b78 (reversed); 4 bytes, most significant first.
 */
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
