import { createCipheriv } from 'node:crypto'
import { loadKoffi } from '../stream/koffi.ts'
import { headerBytes } from './packet-header.ts'
import type { PacketMemory } from './packet-memory.ts'
import type { CipherName } from './protocol.ts'

export type AeadName = Exclude<CipherName, 'none'>

/** An AEAD of OpenSSL itself, on packets in memory: under a microsecond each, where node:crypto takes ten for its objects. */
export interface EvpCipher {
  /** Encrypts the body in place and writes the tag behind it. The nonce lies in the memory at `cipherAt`. */
  seal(at: number, bytes: number): void
  /** Decrypts the body in place; false if it is not what was sealed. */
  open(at: number, bytes: number): boolean
  /** Wipes the key. */
  free(): void
}

// From openssl/evp.h.
const [EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG] = [0x10, 0x11]
const [sameDirection, toOpen, toSeal] = [-1, 0, 1]
const tagBytes = 16
// Beside the nonce in memory: where a call puts a length, and the key until the context has it.
const [lengthAfter, keyAfter] = [32, 64]

interface Calls {
  readonly ciphers: Record<AeadName, number>
  create(): number
  free(context: number): void
  init(context: number, cipher: number, engine: number, key: number, iv: number, direction: number): number
  update(context: number, out: number, length: number, input: number, bytes: number): number
  final(context: number, out: number, length: number): number
  control(context: number, command: number, argument: number, value: number): number
}

let calls: Calls | null | undefined

/** Undefined where node:crypto must do: no system calls, or this Node does not show OpenSSL's functions. */
export function createEvp(name: AeadName, key: Uint8Array, memory: PacketMemory, way: 'seal' | 'open') {
  const { address } = memory
  if (address === undefined) return undefined
  if (calls === undefined) calls = load()
  if (calls !== null && !isRight(calls, memory, address)) calls = null
  return calls === null ? undefined : start(calls, { name, key, memory, address, way })
}

interface Start {
  readonly name: AeadName
  readonly key: Uint8Array
  readonly memory: PacketMemory
  readonly address: number
  readonly way: 'seal' | 'open'
}

function start(calls: Calls, { name, key, memory, address, way }: Start): EvpCipher {
  const { create, free, init, update, final, control, ciphers } = calls
  const context = create()
  const iv = address + memory.cipherAt
  const length = iv + lengthAfter
  memory.bytes.set(key, memory.cipherAt + keyAfter)
  init(context, ciphers[name], 0, iv + keyAfter, iv, way === 'seal' ? toSeal : toOpen)
  memory.bytes.fill(0, memory.cipherAt + keyAfter, memory.cipherAt + keyAfter + key.length)
  return {
    seal(at, bytes) {
      const body = address + at + headerBytes
      const tag = address + at + bytes - tagBytes
      init(context, 0, 0, 0, iv, sameDirection)
      update(context, 0, length, address + at, headerBytes)
      update(context, body, length, body, tag - body)
      final(context, tag, length)
      control(context, EVP_CTRL_AEAD_GET_TAG, tagBytes, tag)
    },
    open(at, bytes) {
      const body = address + at + headerBytes
      const tag = address + at + bytes - tagBytes
      init(context, 0, 0, 0, iv, sameDirection)
      control(context, EVP_CTRL_AEAD_SET_TAG, tagBytes, tag)
      update(context, 0, length, address + at, headerBytes)
      update(context, body, length, body, tag - body)
      return final(context, tag, length) > 0
    },
    free: () => free(context),
  }
}

function load(): Calls | null {
  try {
    const own = loadKoffi().load(null)
    const call = (prototype: string) => own.func(prototype) as unknown
    const cipher = (name: string) => own.func(`uintptr_t ${name}()`)() as number
    return {
      ciphers: { 'aes-256-gcm': cipher('EVP_aes_256_gcm'), 'chacha20-poly1305': cipher('EVP_chacha20_poly1305') },
      create: call('uintptr_t EVP_CIPHER_CTX_new()') as Calls['create'],
      free: call('void EVP_CIPHER_CTX_free(uintptr_t context)') as Calls['free'],
      init: call(
        'int EVP_CipherInit_ex(uintptr_t context, uintptr_t cipher, uintptr_t engine, uintptr_t key, uintptr_t iv, int direction)',
      ) as Calls['init'],
      update: call(
        'int EVP_CipherUpdate(uintptr_t context, uintptr_t out, uintptr_t length, uintptr_t input, int bytes)',
      ) as Calls['update'],
      final: call('int EVP_CipherFinal_ex(uintptr_t context, uintptr_t out, uintptr_t length)') as Calls['final'],
      control: call(
        'int EVP_CIPHER_CTX_ctrl(uintptr_t context, int command, int argument, uintptr_t value)',
      ) as Calls['control'],
    }
  } catch {
    return null
  }
}

const tried = new WeakSet<Calls>()

/** Once: the functions are there by name, but are they those that we know? */
function isRight(calls: Calls, memory: PacketMemory, address: number): boolean {
  if (tried.has(calls)) return true
  tried.add(calls)
  const { bytes, scratchAt, cipherAt } = memory
  const key = Buffer.alloc(32, 7)
  const plain = Buffer.alloc(100, 5)
  bytes.fill(0, cipherAt, cipherAt + 12)
  bytes.set(plain, scratchAt)
  const evp = start(calls, { name: 'aes-256-gcm', key, memory, address, way: 'seal' })
  evp.seal(scratchAt, plain.length + tagBytes)
  evp.free()
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
  cipher.setAAD(plain.subarray(0, headerBytes))
  const body = Buffer.concat([cipher.update(plain.subarray(headerBytes)), cipher.final(), cipher.getAuthTag()])
  return body.equals(bytes.subarray(scratchAt + headerBytes, scratchAt + plain.length + tagBytes))
}
