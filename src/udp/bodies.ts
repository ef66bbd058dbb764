import type { FailureKind } from '../errors.ts'
import { headerBytes } from './packet-header.ts'
import { dataFieldBytes, packetType } from './protocol.ts'
import type { Session } from './session.ts'

/** A slice of the stream. All but the last have the same length, which the first to arrive tells. */
export interface Data {
  readonly segment: number
  readonly segmentBytes: number
  readonly payload: Buffer
}

/** The whole stream: what END claims and FIN confirms. */
export interface Total {
  readonly segments: number
  readonly bytes: number
  /** XXH64, 16 hexadecimal digits. */
  readonly digest: string
}

// Every path takes more. Smaller ones would make a window of more segments than memory is meant for.
const leastSegmentBytes = 512

/*
 *  DATA   0         6               8
 *         | segment | segment bytes | payload …
 */
export function sealData(session: Session, segment: number, segmentBytes: number, payload: Uint8Array): Buffer {
  const packet = session.allocate(dataFieldBytes + payload.length)
  packet.writeUIntBE(segment, headerBytes, 6)
  packet.writeUInt16BE(segmentBytes, headerBytes + 6)
  packet.set(payload, headerBytes + dataFieldBytes)
  return session.seal(packetType.data, packet)
}

export function readData(body: Buffer): Data | undefined {
  if (body.length <= dataFieldBytes) return undefined
  const [segment, segmentBytes] = [body.readUIntBE(0, 6), body.readUInt16BE(6)]
  const payload = body.subarray(dataFieldBytes)
  return isData(segmentBytes, payload.length) ? { segment, segmentBytes, payload } : undefined
}

/** Whether a DATA packet may say this of its payload. */
export function isData(segmentBytes: number, payloadBytes: number): boolean {
  return payloadBytes > 0 && segmentBytes >= leastSegmentBytes && payloadBytes <= segmentBytes
}

/*
 *  END, FIN   0          6       12       20
 *             | segments | bytes | digest |
 */
export function sealTotal(session: Session, type: 'end' | 'fin', total: Total): Buffer {
  const packet = session.allocate(20)
  packet.writeUIntBE(total.segments, headerBytes, 6)
  packet.writeUIntBE(total.bytes, headerBytes + 6, 6)
  packet.write(total.digest, headerBytes + 12, 'hex')
  return session.seal(packetType[type], packet)
}

export function readTotal(body: Buffer): Total | undefined {
  if (body.length !== 20) return undefined
  return { segments: body.readUIntBE(0, 6), bytes: body.readUIntBE(6, 6), digest: body.toString('hex', 12, 20) }
}

/** PING and BYE: nothing but the packet. */
export function sealEmpty(session: Session, type: 'ping' | 'bye'): Buffer {
  return session.seal(packetType[type], session.allocate(0))
}

/*
 *  PROBE   0                    1
 *          | bytes of the name  | name of the transfer, if it has one | zeros …
 *
 *  As large as the packets that it is to try the path for.
 */
export function sealProbe(session: Session, packetBytes: number, name = ''): Buffer {
  const packet = session.allocate(packetBytes - headerBytes - session.tagBytes).fill(0, headerBytes)
  packet[headerBytes] = packet.write(name, headerBytes + 1)
  return session.seal(packetType.probe, packet)
}

/** The name in it, '' for none. */
export function readProbe(body: Buffer): string {
  return body.toString('utf8', 1, 1 + (body[0] ?? 0))
}

/*
 *  PROBED   0                   2              8
 *           | largest so far    | window bytes |
 */
export function sealProbed(session: Session, packetBytes: number, windowBytes: number): Buffer {
  const packet = session.allocate(8)
  packet.writeUInt16BE(packetBytes, headerBytes)
  packet.writeUIntBE(windowBytes, headerBytes + 2, 6)
  return session.seal(packetType.probed, packet)
}

export function readProbed(body: Buffer): { packetBytes: number; windowBytes: number } | undefined {
  if (body.length !== 8) return undefined
  return { packetBytes: body.readUInt16BE(0), windowBytes: body.readUIntBE(2, 6) }
}

/** Why an end gives up. Numbers are the protocol's, kinds are ours. */
const closeKinds = ['retry', 'data', 'protocol', 'io'] as const satisfies readonly FailureKind[]
export type CloseKind = (typeof closeKinds)[number]

export interface Close {
  readonly kind: CloseKind
  readonly reason: string
}

const longestReasonBytes = 200

/*
 *  CLOSE   0                                            1
 *          | 1 retry, 2 data, 3 protocol, 4 local error | reason, UTF-8, up to 200 bytes |
 */
export function sealClose(session: Session, { kind, reason }: Close): Buffer {
  const text = Buffer.from(reason).subarray(0, longestReasonBytes)
  const packet = session.allocate(1 + text.length)
  packet[headerBytes] = closeKinds.indexOf(kind) + 1
  packet.set(text, headerBytes + 1)
  return session.seal(packetType.close, packet)
}

export function readClose(body: Buffer): Close | undefined {
  const kind = closeKinds[(body[0] ?? 0) - 1]
  return kind === undefined ? undefined : { kind, reason: body.toString('utf8', 1, 1 + longestReasonBytes) }
}
