import { headerBytes } from '../packet-header.ts'
import { packetType } from '../protocol.ts'
import type { Session } from '../session.ts'

// Before the bytes of the stream in every SEGMENT and REPAIR.
const indexBytes = 6

/** What a packet of so many bytes has of the stream. */
export function segmentBytesOf(packetBytes: number, tagBytes: number): number {
  return packetBytes - headerBytes - indexBytes - tagBytes
}

/** What LAST says of all that was sent, and of the file that is whole when a patch is put into it. */
export interface Last {
  readonly sent: Sum
  readonly whole: Sum
}

export interface Sum {
  readonly bytes: number
  /** XXH64, 16 hexadecimal digits. */
  readonly digest: string
}

/*
 *  SEGMENT, REPAIR   0       6
 *                    | index | bytes …       a segment that is shorter is padded with zeros
 */
export function sealShard(
  session: Session,
  type: 'segment' | 'repair',
  index: number,
  shard: Uint8Array,
  bytes: number,
) {
  const packet = session.allocate(indexBytes + bytes)
  packet.writeUIntBE(index, headerBytes, indexBytes)
  packet.set(shard, headerBytes + indexBytes)
  if (shard.length < bytes) packet.fill(0, headerBytes + indexBytes + shard.length)
  return session.seal(packetType[type], packet)
}

export function readShard(body: Buffer, bytes: number): { index: number; shard: Buffer } | undefined {
  if (body.length !== indexBytes + bytes) return undefined
  return { index: body.readUIntBE(0, indexBytes), shard: body.subarray(indexBytes) }
}

/*
 *  LAST   0       6        14            20             28
 *         | bytes | digest | whole bytes | whole digest | zeros …
 */
export function sealLast(session: Session, { sent, whole }: Last, segmentBytes: number): Buffer {
  const packet = session.allocate(indexBytes + segmentBytes).fill(0, headerBytes)
  for (const [at, { bytes, digest }] of [sent, whole].entries()) {
    packet.writeUIntBE(bytes, headerBytes + 14 * at, 6)
    packet.write(digest, headerBytes + 14 * at + 6, 'hex')
  }
  return session.seal(packetType.last, packet)
}

export function readLast(body: Buffer): Last | undefined {
  if (body.length < 28) return undefined
  const sumAt = (at: number): Sum => ({ bytes: body.readUIntBE(at, 6), digest: body.toString('hex', at + 6, at + 14) })
  return { sent: sumAt(0), whole: sumAt(14) }
}
