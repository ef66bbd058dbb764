import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32With, crc64nvme } from './crc.ts'
import { S3Error } from './s3-error.ts'

export type Algorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA256'
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'

const computed: Readonly<Record<Algorithm, (bytes: Uint8Array) => Buffer>> = {
  CRC32: crc32With(0xedb88320),
  CRC32C: crc32With(0x82f63b78),
  CRC64NVME: crc64nvme,
  SHA256: (bytes) => createHash('sha256').update(bytes).digest(),
}

const algorithms = Object.keys(computed) as readonly Algorithm[]

/** A checksum as S3 writes it: Base64. */
export interface Checksum {
  readonly algorithm: Algorithm
  readonly value: string
}

export function checksumOf(algorithm: Algorithm, bytes: Uint8Array): Checksum {
  return { algorithm, value: computed[algorithm](bytes).toString('base64') }
}

/** A checksum of the parts' checksums, with their number: `value-3`. */
export function compositeOf(algorithm: Algorithm, parts: readonly Checksum[]): Checksum {
  const all = Buffer.concat(parts.map(({ value }) => Buffer.from(value, 'base64')))
  return { algorithm, value: `${checksumOf(algorithm, all).value}-${parts.length}` }
}

export function md5Of(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest()
}

export function headerOf(algorithm: Algorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

export function headersOf(checksum: Checksum | undefined, type: ChecksumType): Record<string, string> {
  return checksum === undefined ? {} : { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': type }
}

/** The checksum that a request gives; two are refused, and what cannot be one. */
export function givenChecksum(headers: IncomingHttpHeaders): Checksum | undefined {
  const given = algorithms.filter((algorithm) => headers[headerOf(algorithm)] !== undefined)
  const [algorithm] = given
  if (given.length > 1) throw new S3Error(400, 'InvalidRequest', 'Expecting a single x-amz-checksum- header.')
  if (algorithm === undefined) return undefined
  const value = String(headers[headerOf(algorithm)])
  const length = computed[algorithm](new Uint8Array()).length
  if (Buffer.from(value, 'base64').length !== length || value.includes('-')) {
    throw new S3Error(400, 'InvalidRequest', `Value for ${headerOf(algorithm)} header is invalid.`)
  }
  return { algorithm, value }
}

/** Holds a body against all that its request says of it, and gives the named checksum of it. */
export function checkBody(headers: IncomingHttpHeaders, body: Uint8Array, algorithm: Algorithm): Checksum {
  const md5 = headers['content-md5']
  if (md5 !== undefined && md5 !== md5Of(body).toString('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
  const given = givenChecksum(headers)
  if (given !== undefined && given.value !== checksumOf(given.algorithm, body).value) {
    throw new S3Error(400, 'BadDigest', `The ${given.algorithm} you specified did not match the calculated checksum.`)
  }
  return checksumOf(algorithm, body)
}

export function parseAlgorithm(name: string): Algorithm {
  const algorithm = algorithms.find((known) => known === name)
  if (algorithm === undefined) throw new S3Error(400, 'InvalidRequest', 'Checksum algorithm provided is unsupported.')
  return algorithm
}

/** A CRC of 64 bits is of the whole object only, a SHA of the parts only; the others of the parts unless asked. */
export function parseType(algorithm: Algorithm, asked: string | undefined): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const cannotBe = algorithm === 'CRC64NVME' ? 'COMPOSITE' : algorithm === 'SHA256' ? 'FULL_OBJECT' : undefined
  if (type === cannotBe || (type !== 'COMPOSITE' && type !== 'FULL_OBJECT')) {
    throw new S3Error(400, 'InvalidRequest', `The ${type} checksum type cannot be used with ${algorithm}.`)
  }
  return type
}
