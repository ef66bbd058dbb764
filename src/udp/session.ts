import type { KeyRatchet } from './key-ratchet.ts'
import type { PacketCipher } from './packet-cipher.ts'
import { headerBytes, readHeader, writeHeader } from './packet-header.ts'
import { protocolVersion } from './protocol.ts'
import { ReplayWindow } from './replay-window.ts'

/** Where a direction's ciphers come from: a ratchet, or one checksum for ever. */
export type Ciphers = Pick<KeyRatchet, 'cipherFor' | 'prove'>

export interface OpenedPacket {
  readonly type: number
  readonly number: number
  readonly body: Buffer
  /** Its number is above all before it: what it says of the peer is the newest. */
  readonly isNewest: boolean
}

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

  /** Gives the packet the next number, and encrypts it. */
  seal(type: number, packet: Buffer): Buffer {
    const number = this.#next++
    writeHeader(packet, type, number, this.connection)
    this.#outbound.cipherFor(number)?.seal(packet, number)
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
}

/** One checksum for all packets of a direction. */
export function unkeyed(cipher: PacketCipher): Ciphers {
  return { cipherFor: () => cipher, prove: () => {} }
}
