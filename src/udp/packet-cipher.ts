import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Xxh64 } from '../stream/xxh64.ts'
import { type AeadName, createEvp, type EvpCipher } from './evp.ts'
import { headerBytes } from './packet-header.ts'
import type { PacketMemory } from './packet-memory.ts'

/** Closes and opens packets under one key. A packet is its header, a body and a tag. */
export interface PacketCipher {
  readonly tagBytes: number
  /** Encrypts the body in place and writes the tag behind it. No number may be given twice. */
  seal(packet: Buffer, number: number): void
  /** Decrypts the body in place; undefined if a bit of packet or number is not what was sealed. */
  open(packet: Buffer, number: number): Buffer | undefined
  /** The same with a packet in memory, faster. `bytes` are those of the whole packet. One memory for each way. */
  sealIn(memory: PacketMemory, at: number, bytes: number, number: number): void
  openIn(memory: PacketMemory, at: number, bytes: number, number: number): boolean
  /** It is used no more: keys outside of the heap are wiped. */
  free(): void
}

const tagBytes = 16
const checksumBytes = 8

/** The header is authenticated too. The nonce is `iv` XOR the packet's number in its last 48 bits. */
export function createAead(name: AeadName, key: Uint8Array, iv: Uint8Array): PacketCipher {
  const slow = createNodeAead(name, key, iv)
  const writeNonce = nonceWriter(iv)
  const fast: { seal?: EvpCipher | null; open?: EvpCipher | null } = {}
  return {
    ...slow,
    sealIn(memory, at, bytes, number) {
      if (fast.seal === undefined) fast.seal = createEvp(name, key, memory, 'seal') ?? null
      if (fast.seal === null) return slow.seal(memory.bytes.subarray(at, at + bytes), number)
      writeNonce(memory, number)
      fast.seal.seal(at, bytes)
    },
    openIn(memory, at, bytes, number) {
      if (bytes < headerBytes + tagBytes) return false
      if (fast.open === undefined) fast.open = createEvp(name, key, memory, 'open') ?? null
      if (fast.open === null) return slow.open(memory.bytes.subarray(at, at + bytes), number) !== undefined
      writeNonce(memory, number)
      return fast.open.open(at, bytes)
    },
    free() {
      fast.seal?.free()
      fast.open?.free()
      fast.seal = fast.open = null
    },
  }
}

function createNodeAead(name: AeadName, key: Uint8Array, iv: Uint8Array) {
  const options = { authTagLength: tagBytes }
  // Node's types know the two families by name alone.
  const algorithm = name as 'aes-256-gcm'
  return {
    tagBytes,
    seal(packet: Buffer, number: number): void {
      const body = packet.subarray(headerBytes, packet.length - tagBytes)
      const cipher = createCipheriv(algorithm, key, nonceOf(iv, number), options)
      cipher.setAAD(packet.subarray(0, headerBytes), { plaintextLength: body.length })
      body.set(cipher.update(body))
      cipher.final()
      packet.set(cipher.getAuthTag(), packet.length - tagBytes)
    },
    open(packet: Buffer, number: number): Buffer | undefined {
      if (packet.length < headerBytes + tagBytes) return undefined
      const body = packet.subarray(headerBytes, packet.length - tagBytes)
      const decipher = createDecipheriv(algorithm, key, nonceOf(iv, number), options)
      decipher.setAAD(packet.subarray(0, headerBytes), { plaintextLength: body.length })
      decipher.setAuthTag(packet.subarray(packet.length - tagBytes))
      const plain = decipher.update(body)
      try {
        decipher.final()
      } catch {
        return undefined
      }
      body.set(plain)
      return body
    },
  }
}

function nonceOf(iv: Uint8Array, number: number): Buffer {
  const nonce = Buffer.from(iv)
  const [high, low] = [Math.floor(number / 2 ** 32), number >>> 0]
  nonce.writeUInt16BE(nonce.readUInt16BE(6) ^ high, 6)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ low) >>> 0, 8)
  return nonce
}

/** The same nonce, written where OpenSSL reads it. */
function nonceWriter(iv: Uint8Array): (memory: PacketMemory, number: number) => void {
  const bytes = Buffer.from(iv)
  const [first, middle, last] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8)]
  return ({ bytes: target, cipherAt }, number) => {
    target.writeUInt32BE(first, cipherAt)
    target.writeUInt32BE((middle ^ Math.floor(number / 2 ** 32)) >>> 0, cipherAt + 4)
    target.writeUInt32BE((last ^ (number >>> 0)) >>> 0, cipherAt + 8)
  }
}

/** No secrecy: XXH64 over the direction (one byte), header and body finds what the network has damaged. */
export function createChecksum(xxh64: Xxh64, direction: number): PacketCipher {
  const prefix = Uint8Array.of(direction)
  const sumOf = (packet: Buffer) => xxh64(prefix, packet.subarray(0, packet.length - checksumBytes))
  return {
    tagBytes: checksumBytes,
    seal(packet) {
      packet.set(sumOf(packet), packet.length - checksumBytes)
    },
    open(packet) {
      if (packet.length < headerBytes + checksumBytes) return undefined
      const isRight = packet.subarray(packet.length - checksumBytes).equals(sumOf(packet))
      return isRight ? packet.subarray(headerBytes, packet.length - checksumBytes) : undefined
    },
    sealIn: (memory, at, bytes) => memory.seal(at, bytes - checksumBytes, direction),
    openIn: (memory, at, bytes) =>
      bytes >= headerBytes + checksumBytes && memory.isSealed(at, bytes - checksumBytes, direction),
    free: () => {},
  }
}
