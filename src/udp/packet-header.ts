import { protocolVersion } from './protocol.ts'

export const headerBytes = 16

/** What is in clear before every packet. */
export interface Header {
  readonly type: number
  readonly version: number
  /** Counts a direction's packets from 0: never used twice under one secret. 48 bits. */
  readonly number: number
  /** 16 hexadecimal digits. */
  readonly connection: string
}

/*
 *  0      1        2                         8                            16
 *  | type | version | packet number (48 bit) | connection id, random       |
 */
export function writeHeader(packet: Buffer, type: number, number: number, connection: Uint8Array): void {
  packet[0] = type
  packet[1] = protocolVersion
  packet.writeUIntBE(number, 2, 6)
  packet.set(connection, 8)
}

/** Undefined if it is too short for one. */
export function readHeader(packet: Buffer): Header | undefined {
  if (packet.length < headerBytes) return undefined
  return {
    type: packet[0]!,
    version: packet[1]!,
    number: packet.readUIntBE(2, 6),
    connection: packet.toString('hex', 8, 16),
  }
}
