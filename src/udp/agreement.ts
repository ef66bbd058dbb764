import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import type { Xxh64 } from '../stream/xxh64.ts'
import { handshakeTagBytes } from './hello.ts'
import { KeyRatchet } from './key-ratchet.ts'
import { createChecksum } from './packet-cipher.ts'
import { headerBytes, readHeader, writeHeader } from './packet-header.ts'
import { type CipherName, packetType, protocolVersion } from './protocol.ts'
import { Session, unkeyed } from './session.ts'

/** A key pair for one connection, and what else the ends bring to it. */
export interface Ephemeral {
  readonly privateKey: KeyObject
  readonly publicKey: Buffer
}

/** What both ends know before they meet. Without a key of their own it is 32 zeros, and no secret. */
export interface Trust {
  readonly sharedKey: Uint8Array
  readonly cipher: CipherName
  readonly xxh64: Xxh64
}

const welcomeBytes = headerBytes + 32 + handshakeTagBytes
// RFC 8410: what stands before the 32 bytes of an X25519 key.
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex')

/** An X25519 key pair of 32 random bytes. */
export function ephemeralOf(random: Uint8Array): Ephemeral {
  const der = Buffer.concat([privatePrefix, random])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { privateKey, publicKey }
}

/*
 *  WELCOME
 *  0        16           48    64
 *  | header | public key | tag |
 *
 *  HKDF-SHA-256(secret: X25519, salt: shared key, info: "zudp 1 session" SHA-256(HELLO, WELCOME without its tag)) gives
 *  96 bytes: the key of the tag (HMAC-SHA-256 of what is before it, 16 bytes), the first secret from sender to receiver,
 *  the first secret from receiver to sender.
 */
export function answerHello(hello: Buffer, peerKey: Buffer, own: Ephemeral, trust: Trust) {
  const welcome = Buffer.alloc(welcomeBytes)
  writeHeader(welcome, packetType.welcome, 0, hello.subarray(8, 16))
  welcome.set(own.publicKey, headerBytes)
  const secrets = agree(hello, welcome, own, peerKey, trust)
  if (secrets === undefined) return undefined
  welcome.set(tagOf(welcome, secrets), welcomeBytes - handshakeTagBytes)
  const session = sessionOf(hello, secrets, trust, 'receiver')
  return { welcome, session }
}

/** The session of a HELLO of ours, if the WELCOME is from one who has the shared key and saw this very HELLO. */
export function acceptWelcome(hello: Buffer, welcome: Buffer, own: Ephemeral, trust: Trust): Session | undefined {
  const header = readHeader(welcome)
  if (header?.type !== packetType.welcome || header.version !== protocolVersion) return undefined
  if (welcome.length !== welcomeBytes || !welcome.subarray(8, 16).equals(hello.subarray(8, 16))) return undefined
  const peerKey = welcome.subarray(headerBytes, headerBytes + 32)
  const secrets = agree(hello, welcome, own, peerKey, trust)
  if (secrets === undefined) return undefined
  if (!timingSafeEqual(tagOf(welcome, secrets), welcome.subarray(-handshakeTagBytes))) return undefined
  return sessionOf(hello, secrets, trust, 'sender')
}

function agree(hello: Buffer, welcome: Buffer, own: Ephemeral, peerKey: Buffer, { sharedKey }: Trust) {
  const transcript = createHash('sha256').update(hello).update(welcome.subarray(0, -handshakeTagBytes)).digest()
  const info = Buffer.concat([Buffer.from('zudp 1 session'), transcript])
  try {
    const key = Buffer.concat([publicPrefix, peerKey])
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
    const shared = diffieHellman({ privateKey: own.privateKey, publicKey })
    return Buffer.from(hkdfSync('sha256', shared, sharedKey, info, 96))
  } catch {
    // A public key of small order, which OpenSSL refuses.
    return undefined
  }
}

function tagOf(welcome: Buffer, secrets: Buffer): Buffer {
  const mac = createHmac('sha256', secrets.subarray(0, 32))
  return mac.update(welcome.subarray(0, -handshakeTagBytes)).digest().subarray(0, handshakeTagBytes)
}

function sessionOf(hello: Buffer, secrets: Buffer, { cipher, xxh64 }: Trust, role: 'sender' | 'receiver'): Session {
  const ciphers = (direction: 1 | 2) =>
    cipher === 'none'
      ? unkeyed(createChecksum(xxh64, direction))
      : new KeyRatchet(Buffer.from(secrets.subarray(32 * direction, 32 * direction + 32)), cipher)
  const [forth, back] = [ciphers(1), ciphers(2)]
  const connection = Buffer.from(hello.subarray(8, 16))
  return new Session(
    connection,
    role === 'sender' ? { outbound: forth, inbound: back } : { outbound: back, inbound: forth },
  )
}
