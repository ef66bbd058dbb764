import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { IHasher } from 'hash-wasm'
import { createCrc64Nvme } from './crc64nvme.ts'
import { loadHashWasm } from './hash-wasm.ts'

export const digestNames = ['crc32', 'crc32c', 'crc64nvme', 'xxh64', 'md5', 'sha256'] as const
export type DigestName = (typeof digestNames)[number]

/** A checksum under way. */
export interface Digest {
  readonly name: DigestName
  update(bytes: Uint8Array): void
  /** Lower-case hexadecimal, most significant digit first. Ends the digest. */
  hex(): string
}

// Reversed polynomials: CRC-32C of RFC 3720, CRC-64/NVME of the NVM Express command set specification (as S3 uses it).
const crc32cPolynomial = 0x82f63b78
const crc64nvmePolynomial = '9a6c9329ac4bc9b5'

/** Starts a digest. All of these run at 1.9 GB/s or more here, except md5 and (without SHA instructions) sha256. */
export async function createDigest(name: DigestName): Promise<Digest> {
  switch (name) {
    case 'crc32':
      return createCrc32()
    case 'md5':
    case 'sha256':
      return createOpensslHash(name)
    case 'crc64nvme':
      return oneOf(createCrc64Nvme() ?? (await createWasmHash(name)))
    default:
      return oneOf(await createWasmHash(name))
  }
}

/** The digest of all bytes at once. */
export async function digestOf(name: DigestName, bytes: Uint8Array): Promise<string> {
  const digest = await createDigest(name)
  digest.update(bytes)
  return digest.hex()
}

// Node takes less than 2 GiB at once. An S3 part may have 5.
const mostAtOnceBytes = 2 ** 30

function createOpensslHash(name: 'md5' | 'sha256'): Digest {
  const hash = createHash(name)
  return {
    name,
    update(bytes) {
      for (let at = 0; at < bytes.length; at += mostAtOnceBytes) hash.update(bytes.subarray(at, at + mostAtOnceBytes))
    },
    hex: () => hash.digest('hex'),
  }
}

function createCrc32(): Digest {
  let value = 0
  return {
    name: 'crc32',
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    hex: () => value.toString(16).padStart(8, '0'),
  }
}

type WasmName = 'crc32c' | 'crc64nvme' | 'xxh64'

// Each has a WebAssembly instance, which takes longer to make than a small object to sum.
const idleHashers: Readonly<Record<WasmName, IHasher[]>> = { crc32c: [], crc64nvme: [], xxh64: [] }

async function createWasmHash(name: WasmName): Promise<Digest> {
  const idle = idleHashers[name]
  const hash = idle.pop() ?? (await createHasher(name))
  hash.init()
  return {
    name,
    update: (bytes) => void hash.update(bytes),
    hex() {
      idle.push(hash)
      return hash.digest('hex')
    },
  }
}

/** One that is another's as soon as it has ended: nothing reaches it then. */
function oneOf(digest: Digest): Digest {
  let ended: string | undefined
  return {
    name: digest.name,
    update(bytes) {
      if (ended !== undefined) throw new Error(`${digest.name} is to go on after its end`)
      digest.update(bytes)
    },
    hex() {
      ended ??= digest.hex()
      return ended
    },
  }
}

async function createHasher(name: WasmName): Promise<IHasher> {
  const { createCRC32, createCRC64, createXXHash64 } = loadHashWasm()
  if (name === 'crc32c') return createCRC32(crc32cPolynomial)
  return name === 'crc64nvme' ? createCRC64(crc64nvmePolynomial) : createXXHash64()
}
