import { digestOf } from '../../../src/stream/digest.ts'
import { segmentBytesOf } from '../../../src/udp/one-way/bodies.ts'
import { type Interleaving, leastWindowBytes } from '../../../src/udp/one-way/interleaving.ts'
import { type ByteRange, LostRanges } from '../../../src/udp/one-way/lost-ranges.ts'
import { OneWayReceiver, type ReceiverOptions } from '../../../src/udp/one-way/one-way-receiver.ts'
import { PacketMaker, type Slot } from '../../../src/udp/one-way/packet-maker.ts'
import type { Code } from '../../../src/udp/one-way/reed-solomon.ts'
import { type StartKind, sessionOfStart, writeStart } from '../../../src/udp/one-way/start-packet.ts'
import type { CipherName } from '../../../src/udp/protocol.ts'
import { filled, trustOf } from '../pair.ts'

export interface Shape {
  readonly code: Code
  readonly depth: number
  readonly packetBytes?: number
  readonly cipher?: CipherName
  readonly kind?: StartKind
  readonly seed?: number
}

export interface Sent {
  readonly interleaving: Interleaving
  readonly start: Buffer
  /** Everything after START, in the order and the time of sending. */
  readonly slots: readonly Slot[]
  readonly last: Buffer
}

/** All that a sender sends, with everything that it draws given. */
export async function send(content: Uint8Array, shape: Shape): Promise<Sent> {
  const { code, depth, packetBytes = 256, cipher = 'none', kind = 'stream', seed = 1 } = shape
  const trust = trustOf(cipher)
  const segmentBytes = segmentBytesOf(packetBytes, cipher === 'none' ? 8 : 16)
  const interleaving = { code, depth, segmentBytes }
  const drawn = { connection: filled(8, seed), salt: filled(32, seed + 50), timeMs: 1_700_000_000_000 + seed }
  const fields = { ...drawn, cipher, kind, interleaving }
  const start = writeStart(fields, packetBytes, trust.sharedKey)
  const maker = new PacketMaker(sessionOfStart(fields, start, trust), interleaving)
  const slots: Slot[] = []
  for (let at = 0; at < content.length; at += segmentBytes)
    slots.push(...maker.segment(content.subarray(at, at + segmentBytes)))
  slots.push(...maker.finish())
  const sum = { bytes: content.length, digest: await digestOf('xxh64', content) }
  return { interleaving, start, slots, last: maker.last({ sent: sum, whole: sum }) }
}

export interface Received {
  /** Zeros are in the place of what is lost and was not skipped. */
  readonly bytes: Buffer
  readonly lost: readonly ByteRange[]
  readonly receiver: OneWayReceiver
}

export function receiverFor(sent: Sent, options: Partial<ReceiverOptions> & { cipher?: CipherName } = {}) {
  const { cipher = 'none', ...rest } = options
  const windowBytes = leastWindowBytes(sent.interleaving)
  const wanted = { kind: 'stream', waitMs: 100, timeoutMs: 1000, windowBytes, notBeforeMs: 0 } as const
  return new OneWayReceiver({ trust: trustOf(cipher), ...wanted, ...rest }, 0)
}

/** What comes of these packets, one a millisecond, taken out `every` so many packets. */
export function receive(
  packets: readonly Slot[],
  receiver: OneWayReceiver,
  { every = 1, endsMs = 10_000, skips = false } = {},
): Received {
  const target = new Uint8Array(4096)
  const pieces: Buffer[] = []
  const lost = new LostRanges()
  let seen = 0
  const skip = () => {
    const bytes = skips ? (receiver.window?.skipLost() ?? 0) : 0
    lost.add({ from: seen, to: seen + bytes })
    seen += bytes
  }
  const drain = () => {
    skip()
    for (let piece = receiver.window?.take(target); piece !== undefined; piece = receiver.window?.take(target)) {
      pieces.push(Buffer.from(piece.bytes))
      if (piece.isLost) lost.add({ from: seen, to: seen + piece.bytes.length })
      seen += piece.bytes.length
      skip()
    }
  }
  for (const [at, packet] of packets.entries()) {
    // A packet is opened where it lies.
    if (packet !== undefined) receiver.onDatagram(Buffer.from(packet), undefined, at)
    if (at % every === 0) drain()
  }
  if (receiver.last !== undefined) receiver.poll(endsMs)
  drain()
  return { bytes: Buffer.concat(pieces), lost: lost.ranges, receiver }
}
