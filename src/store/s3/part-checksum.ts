import { digestOf as digestHere } from '../../stream/digest.ts'
import { digestInThread } from '../../stream/digest-thread.ts'

/** What S3 calls checksums, and Content-MD5, which it had before. */
export const partChecksums = ['crc64nvme', 'crc32c', 'crc32', 'md5'] as const
export type PartChecksum = (typeof partChecksums)[number]
export type ChecksumChoice = 'auto' | PartChecksum

/** The members of the SDK's inputs and outputs for a checksum. */
export const checksumMembers = {
  crc64nvme: 'ChecksumCRC64NVME',
  crc32c: 'ChecksumCRC32C',
  crc32: 'ChecksumCRC32',
} as const

export const checksumAlgorithms = { crc64nvme: 'CRC64NVME', crc32c: 'CRC32C', crc32: 'CRC32' } as const

export type CrcName = keyof typeof checksumMembers

// Below this the work is less than to tell another thread of it.
const leastForThread = 2 ** 20

/** A part's digest; a large one's is computed in another thread, beside the reading and sending of others. */
export async function digestOf(name: PartChecksum, bytes: Uint8Array): Promise<string> {
  const isShared = bytes.buffer instanceof SharedArrayBuffer
  return isShared && bytes.length >= leastForThread ? digestInThread(name, bytes) : digestHere(name, bytes)
}

/** S3's headers are in Base64, our checksums in hexadecimal. */
export function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

export function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('hex')
}

/** The member that carries a part's checksum in a request. */
export function checksumInput(name: PartChecksum, hex: string): Readonly<Record<string, string>> {
  return { [name === 'md5' ? 'ContentMD5' : checksumMembers[name]]: toBase64(hex) }
}
