import type { KeyRatchet } from './key-ratchet.ts'
import type { PacketCipher } from './packet-cipher.ts'
import { headerBytes, readHeader, writeHeader } from './packet-header.ts'
import type { PacketMemory } from './packet-memory.ts'
import { protocolVersion } from './protocol.ts'
import { ReplayWindow } from './replay-window.ts'

/** Where a direction's ciphers come from: a ratchet, or one checksum for ever. */
export type Ciphers = Pick<KeyRatchet, 'cipherFor' | 'prove' | 'free'>

export interface OpenedPacket {
  readonly type: number
  readonly number: number
  readonly body: Buffer
  /** Its number is above all before it: what it says of the peer is the newest. */
  readonly isNewest: boolean
}

/** What a packet that was not opened has instead of a number. */
export const refused = -1

/** One connection as packets see it: its id, its keys, the numbers that were used. */
export class Session {
  readonly connection: Buffer
  readonly #id: string
  readonly #outbound: Ciphers
  readonly #inbound: Ciphers
  readonly #replay = new ReplayWindow()
  readonly tagBytes: number
  #next = 0

  constructor(connection: Buffer, ciphers: { outbound: Ciphers; inbound: Ciphers }) {
    this.connection = connection
    this.#id = connection.toString('hex')
    this.#outbound = ciphers.outbound
    this.#inbound = ciphers.inbound
    this.tagBytes = ciphers.outbound.cipherFor(0)?.tagBytes ?? 0
  }

  /** The number that the next packet gets. */
  get nextNumber(): number {
    return this.#next
  }

  /** Room for a packet whose body is written from `headerBytes` on. */
  allocate(bodyBytes: number): Buffer {
    return Buffer.allocUnsafe(headerBytes + bodyBytes + this.tagBytes)
  }

  /** Gives the packet the next number, and encrypts it: faster if it is a piece of `memory`. */
  seal(type: number, packet: Buffer, memory?: PacketMemory): Buffer {
    const number = this.#next++
    writeHeader(packet, type, number, this.connection)
    const cipher = this.#cipherOut(number)
    if (memory === undefined) cipher.seal(packet, number)
    else cipher.sealIn(memory, packet.byteOffset, packet.length, number)
    this.#outbound.prove(number)
    return packet
  }

  /** Undefined for all that the peer did not seal for this connection, and for what came before. */
  open(packet: Buffer): OpenedPacket | undefined {
    const header = readHeader(packet)
    if (header === undefined || header.version !== protocolVersion || header.connection !== this.#id) return undefined
    const { type, number } = header
    if (!this.#replay.isFresh(number)) return undefined
    const body = this.#inbound.cipherFor(number)?.open(packet, number)
    if (body === undefined) return undefined
    const isNewest = number > this.#replay.highest
    this.#inbound.prove(number)
    this.#replay.mark(number)
    return { type, number, body, isNewest }
  }

  /** Seals a packet of so many bytes in memory, whose header has the next number already. */
  sealIn(memory: PacketMemory, at: number, bytes: number): void {
    const number = this.#next++
    this.#cipherOut(number).sealIn(memory, at, bytes, number)
    this.#outbound.prove(number)
  }

  /** The same as `open` for a packet in memory, whose body is left there. Returns its number, or `refused`. */
  openIn(memory: PacketMemory, at: number, bytes: number): number {
    if (bytes < headerBytes || !this.#isOfThis(memory.bytes, at)) return refused
    const number = memory.bytes.readUIntBE(at + 2, 6)
    if (!this.#replay.isFresh(number)) return refused
    if (this.#inbound.cipherFor(number)?.openIn(memory, at, bytes, number) !== true) return refused
    this.#inbound.prove(number)
    this.#replay.mark(number)
    return number
  }

  /** After the last packet. */
  free(): void {
    this.#outbound.free()
    this.#inbound.free()
  }

  #cipherOut(number: number): PacketCipher {
    const cipher = this.#outbound.cipherFor(number)
    if (cipher === undefined) throw new Error('a packet would go out without encryption')
    return cipher
  }

  #isOfThis(bytes: Buffer, at: number): boolean {
    const { connection } = this
    return (
      bytes[at + 1] === protocolVersion &&
      bytes.readInt32LE(at + 8) === connection.readInt32LE(0) &&
      bytes.readInt32LE(at + 12) === connection.readInt32LE(4)
    )
  }
}

/** One checksum for all packets of a direction. */
export function unkeyed(cipher: PacketCipher): Ciphers {
  return { cipherFor: () => cipher, prove: () => {}, free: () => {} }
}
