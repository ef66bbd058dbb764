import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Trust } from '../agreement.ts'
import { expand } from '../key-ratchet.ts'
import { createAead, createChecksum, type PacketCipher } from '../packet-cipher.ts'
import { headerBytes, readHeader, writeHeader } from '../packet-header.ts'
import { type CipherName, cipherNumber, packetsPerKey, packetType, protocolVersion } from '../protocol.ts'
import { type Ciphers, Session, unkeyed } from '../session.ts'
import type { Interleaving } from './interleaving.ts'

/** What a transfer is, said by its sender again and again. */
export interface Start {
  readonly connection: Buffer
  readonly cipher: CipherName
  /** A whole stream, or slices of one that are to be put where they are missing. */
  readonly kind: StartKind
  readonly interleaving: Interleaving
  /** When it began, in milliseconds since 1970, by the sender's clock. */
  readonly timeMs: number
  /** 32 random bytes: with them no two transfers have the same keys. */
  readonly salt: Buffer
}

const startKinds = ['stream', 'patch'] as const
export type StartKind = (typeof startKinds)[number]

const tagBytes = 16
const [timeAt, saltAt, fieldsEnd] = [28, 36, 68]
const longestSegment = 65_507
/** The shortest packets that a START fits into, and that are of any use. */
export const leastPacketBytes = 256

/*
 *  0        16       17     18     19       20      24        26      28     36     68       n-16  n
 *  | header | cipher | kind | data | repair | depth | segment | zeros | time | salt | zeros … | tag |
 *  tag: HMAC-SHA-256 of all before it, its first 16 bytes, under HKDF(shared key, "zudp start")
 */
export function writeStart(start: Start, packetBytes: number, sharedKey: Uint8Array): Buffer {
  const packet = Buffer.alloc(packetBytes)
  const { code, depth, segmentBytes } = start.interleaving
  writeHeader(packet, packetType.start, 0, start.connection)
  packet.set([cipherNumber[start.cipher], startKinds.indexOf(start.kind), code.data, code.repair], headerBytes)
  packet.writeUInt32BE(depth, 20)
  packet.writeUInt16BE(segmentBytes, 24)
  packet.writeUIntBE(start.timeMs, timeAt + 2, 6)
  packet.set(start.salt, saltAt)
  packet.set(tagOf(packet, sharedKey), packetBytes - tagBytes)
  return packet
}

/** What a START says; undefined if it is none of this version, or says what cannot be. Its tag is another question. */
export function readStart(packet: Buffer): Start | undefined {
  const header = readHeader(packet)
  if (header?.type !== packetType.start || header.version !== protocolVersion) return undefined
  if (packet.length < leastPacketBytes) return undefined
  const [cipherByte, kindByte, data = 0, repair = 0] = packet.subarray(headerBytes)
  const [depth, segmentBytes] = [packet.readUInt32BE(20), packet.readUInt16BE(24)]
  const names = Object.keys(cipherNumber) as CipherName[]
  const cipher = names.find((name) => cipherNumber[name] === cipherByte)
  const kind = startKinds[kindByte ?? -1]
  const isPossible = data > 0 && repair > 0 && data + repair <= 256 && depth > 0 && isSegment(segmentBytes, packet)
  if (cipher === undefined || kind === undefined || !isPossible) return undefined
  return {
    connection: Buffer.from(packet.subarray(8, 16)),
    cipher,
    kind,
    interleaving: { code: { data, repair }, depth, segmentBytes },
    timeMs: packet.readUIntBE(timeAt + 2, 6),
    salt: Buffer.from(packet.subarray(saltAt, fieldsEnd)),
  }
}

function isSegment(bytes: number, packet: Buffer): boolean {
  return bytes > 0 && bytes < Math.min(packet.length, longestSegment)
}

/** Whether it was made by one who has the shared key. */
export function isStartOf(packet: Buffer, sharedKey: Uint8Array): boolean {
  return timingSafeEqual(packet.subarray(-tagBytes), tagOf(packet, sharedKey))
}

function tagOf(packet: Buffer, sharedKey: Uint8Array): Buffer {
  const mac = createHmac('sha256', expand(sharedKey, 'zudp start', 32))
  return mac.update(packet.subarray(0, -tagBytes)).digest().subarray(0, tagBytes)
}

/**
 * The session of a transfer: the sender seals in it, the receiver opens. HKDF-SHA-256(shared key, salt: that of START,
 * info: "zudp 1 one-way" SHA-256(START)) is its secret.
 */
export function sessionOfStart(start: Start, packet: Buffer, { sharedKey, xxh64 }: Trust): Session {
  const info = Buffer.concat([Buffer.from('zudp 1 one-way'), createHash('sha256').update(packet).digest()])
  const secret = Buffer.from(hkdfSync('sha256', sharedKey, start.salt, info, 32))
  const ciphers = start.cipher === 'none' ? unkeyed(createChecksum(xxh64, 1)) : new NumberedKeys(secret, start.cipher)
  return new Session(start.connection, { outbound: ciphers, inbound: ciphers })
}

// So that packets around a change of keys need no new ones, and forged numbers no memory.
const mostKeys = 4

/**
 * A key for each 4194304 packets, each from the secret itself and the key's number: whoever has missed any number of
 * packets finds the key of the next.
 */
class NumberedKeys implements Ciphers {
  readonly #secret: Buffer
  readonly #cipher: Exclude<CipherName, 'none'>
  readonly #keys = new Map<number, PacketCipher>()

  constructor(secret: Buffer, cipher: Exclude<CipherName, 'none'>) {
    this.#secret = secret
    this.#cipher = cipher
  }

  cipherFor(number: number): PacketCipher {
    const index = Math.floor(number / packetsPerKey)
    const known = this.#keys.get(index)
    if (known !== undefined) return known
    const bytes = expand(this.#secret, `zudp key ${index}`, 44)
    const cipher = createAead(this.#cipher, bytes.subarray(0, 32), bytes.subarray(32))
    for (const old of this.#keys.keys()) if (this.#keys.size >= mostKeys) this.#keys.delete(old)
    this.#keys.set(index, cipher)
    return cipher
  }

  prove(): void {}

  free(): void {
    for (const cipher of this.#keys.values()) cipher.free()
    this.#keys.clear()
  }
}
