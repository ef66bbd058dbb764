import { createHmac, timingSafeEqual } from 'node:crypto'
import { expand } from './key-ratchet.ts'
import { headerBytes, readHeader, writeHeader } from './packet-header.ts'
import { type CipherName, cipherNumber, helloBytes, packetType, protocolVersion } from './protocol.ts'

export const handshakeTagBytes = 16
export const cookieBytes = 16
const publicKeyAt = 20
const cookieAt = 52

export interface Hello {
  readonly connection: Buffer
  readonly cipher: CipherName
  /** X25519, 32 bytes. */
  readonly publicKey: Buffer
  /** Zeros until the receiver has given one. */
  readonly cookie: Buffer
}

/*
 *  0        16       17      20           52       68         1184   1200
 *  | header | cipher | zeros | public key | cookie | zeros … | tag |
 *  tag: HMAC-SHA-256 of all before it, its first 16 bytes, under HKDF(shared key, "zudp hello")
 */
export function writeHello(hello: Hello, sharedKey: Uint8Array): Buffer {
  const packet = Buffer.alloc(helloBytes)
  writeHeader(packet, packetType.hello, 0, hello.connection)
  packet[headerBytes] = cipherNumber[hello.cipher]
  packet.set(hello.publicKey, publicKeyAt)
  packet.set(hello.cookie, cookieAt)
  packet.set(helloTag(packet, sharedKey), helloBytes - handshakeTagBytes)
  return packet
}

/** What a HELLO says; undefined if it is none of this version. Its tag is another question. */
export function readHello(packet: Buffer): Hello | undefined {
  const header = readHeader(packet)
  if (header?.type !== packetType.hello || header.version !== protocolVersion) return undefined
  if (packet.length !== helloBytes) return undefined
  const cipher = cipherNamed(packet[headerBytes]!)
  if (cipher === undefined) return undefined
  const part = (at: number, bytes: number) => Buffer.from(packet.subarray(at, at + bytes))
  return {
    connection: part(8, 8),
    cipher,
    publicKey: part(publicKeyAt, 32),
    cookie: part(cookieAt, cookieBytes),
  }
}

/** Whether it was made by one who has the shared key. */
export function isHelloOf(packet: Buffer, sharedKey: Uint8Array): boolean {
  return timingSafeEqual(packet.subarray(helloBytes - handshakeTagBytes), helloTag(packet, sharedKey))
}

function helloTag(packet: Buffer, sharedKey: Uint8Array): Buffer {
  const before = packet.subarray(0, helloBytes - handshakeTagBytes)
  return createHmac('sha256', expand(sharedKey, 'zudp hello', 32))
    .update(before)
    .digest()
    .subarray(0, handshakeTagBytes)
}

function cipherNamed(number: number): CipherName | undefined {
  const names = Object.keys(cipherNumber) as CipherName[]
  return names.find((name) => cipherNumber[name] === number)
}

/*
 *  0        16       32
 *  | header | cookie |
 */
export function writeCookie(connection: Buffer, cookie: Uint8Array): Buffer {
  const packet = Buffer.alloc(headerBytes + cookieBytes)
  writeHeader(packet, packetType.cookie, 0, connection)
  packet.set(cookie, headerBytes)
  return packet
}

export const refusals = ['key', 'cipher', 'busy', 'version'] as const
export type Refusal = (typeof refusals)[number]

/*
 *  0        16                                           17
 *  | header | reason: 1 key, 2 cipher, 3 busy, 4 version |     not authenticated: who has no key cannot check it
 */
export function writeRefused(connection: Uint8Array, reason: Refusal): Buffer {
  const packet = Buffer.alloc(headerBytes + 1)
  writeHeader(packet, packetType.refused, 0, connection)
  packet[headerBytes] = refusals.indexOf(reason) + 1
  return packet
}

export function readRefused(packet: Buffer): Refusal | undefined {
  return packet.length === headerBytes + 1 ? refusals[packet[headerBytes]! - 1] : undefined
}
