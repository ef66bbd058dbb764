import { createHash } from 'node:crypto'
import { combineCrcs } from './combined-crc.ts'
import { isMd5, type StoredPart } from './multipart.ts'
import { type CrcName, checksumMembers, fromBase64 } from './part-checksum.ts'

/** What the parts, each proven, say of the object that is made of them. */
export interface ExpectedObject {
  readonly size: number
  /** The MD5 of the parts' MD5s and their number, or the MD5 of an object without parts; undefined where parts have ETags of another form. */
  readonly etag: string | undefined
  /** The CRC of the whole; undefined where the store did not look at CRCs. */
  readonly crc: { readonly name: CrcName; readonly hex: string } | undefined
}

/** What the SDK's outputs say of a whole object's checksums. */
export interface ChecksumOutput {
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
  readonly ChecksumType?: string | undefined
  readonly ChecksumCRC64NVME?: string | undefined
  readonly ChecksumCRC32C?: string | undefined
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumSHA256?: string | undefined
}

export function expectObject(parts: readonly StoredPart[]): ExpectedObject {
  const size = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  return { size, etag: etagOfParts(parts.map(({ etag }) => etag)), crc: crcOf(parts) }
}

/** S3's ETag of a multipart object, from those of its parts. */
export function etagOfParts(etags: readonly string[]): string | undefined {
  if (!etags.every(isMd5)) return undefined
  const hash = createHash('md5')
  for (const etag of etags) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${etags.length}`
}

function crcOf(parts: readonly StoredPart[]): ExpectedObject['crc'] {
  const name = parts[0]?.checksum?.name
  const checksummed = parts.flatMap(({ bytes, checksum }) =>
    checksum?.isEchoed && checksum.name === name ? [{ bytes, checksum: checksum.hex }] : [],
  )
  if (name === undefined || checksummed.length < parts.length) return undefined
  return { name, hex: combineCrcs(name, checksummed) }
}

/** Full-object checksums in an answer, in hexadecimal. */
export function checksumsIn(output: ChecksumOutput): Partial<Record<CrcName | 'sha256', string>> {
  if (output.ChecksumType === 'COMPOSITE') return {}
  const members = { ...checksumMembers, sha256: 'ChecksumSHA256' } as const
  const found = Object.entries(members).flatMap(([name, member]) => {
    const value = output[member]
    // With parts counted behind a dash it is a checksum of checksums.
    return value === undefined || value.includes('-') ? [] : [[name, fromBase64(value)]]
  })
  return Object.fromEntries(found)
}

export type Comparison =
  | { readonly isEqual: true }
  | { readonly isEqual: false; readonly what: string; readonly stored: string; readonly expected: string }

/** The store's word on the whole object against ours: its checksum where there is one, else its ETag. */
export function compareObject(expected: ExpectedObject, output: ChecksumOutput, etag: string): Comparison {
  const { crc } = expected
  const stored = crc === undefined ? undefined : checksumsIn(output)[crc.name]
  if (crc !== undefined && stored !== undefined) return compare(crc.name, stored, crc.hex)
  const isOfThatForm = /^[0-9a-f]{32}(-\d+)?$/.test(etag)
  // The ETag of an encrypted object may be anything.
  const isEncrypted = output.ServerSideEncryption !== undefined || output.SSECustomerAlgorithm !== undefined
  if (expected.etag === undefined || !isOfThatForm || isEncrypted) return { isEqual: true }
  return compare('ETag', etag, expected.etag)
}

function compare(what: string, stored: string, expected: string): Comparison {
  return stored === expected ? { isEqual: true } : { isEqual: false, what, stored, expected }
}
