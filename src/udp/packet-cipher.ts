import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Xxh64 } from '../stream/xxh64.ts'
import { headerBytes } from './packet-header.ts'
import type { CipherName } from './protocol.ts'

/** Closes and opens packets under one key. A packet is its header, a body and a tag. */
export interface PacketCipher {
  readonly tagBytes: number
  /** Encrypts the body in place and writes the tag behind it. No number may be given twice. */
  seal(packet: Buffer, number: number): void
  /** Decrypts the body in place; undefined if a bit of packet or number is not what was sealed. */
  open(packet: Buffer, number: number): Buffer | undefined
}

const tagBytes = 16
const checksumBytes = 8

/** The header is authenticated too. The nonce is `iv` XOR the packet's number in its last 48 bits. */
export function createAead(name: Exclude<CipherName, 'none'>, key: Uint8Array, iv: Uint8Array): PacketCipher {
  const options = { authTagLength: tagBytes }
  // Node's types know the two families by name alone.
  const algorithm = name as 'aes-256-gcm'
  return {
    tagBytes,
    seal(packet, number) {
      const body = packet.subarray(headerBytes, packet.length - tagBytes)
      const cipher = createCipheriv(algorithm, key, nonceOf(iv, number), options)
      cipher.setAAD(packet.subarray(0, headerBytes), { plaintextLength: body.length })
      body.set(cipher.update(body))
      cipher.final()
      packet.set(cipher.getAuthTag(), packet.length - tagBytes)
    },
    open(packet, number) {
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
  }
}
