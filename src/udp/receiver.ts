import { Failure } from '../errors.ts'
import { writeAck } from './ack.ts'
import {
  type Close,
  isData,
  readClose,
  readProbe,
  readTotal,
  sealClose,
  sealProbed,
  sealTotal,
  type Total,
} from './bodies.ts'
import { headerBytes } from './packet-header.ts'
import type { PacketMemory } from './packet-memory.ts'
import { dataFieldBytes, packetType, safePacketBytes } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import { refused, type Session } from './session.ts'
import type { Counters } from './trace.ts'
import type { Train } from './train.ts'

// How many packets and bytes, or how long, one ACK may wait for: each costs both ends as much as many DATA packets.
const packetsPerAck = 32
const bytesPerAck = 256 * 1024
const ackDelayMs = 2
// FIN is said again after so long, until BYE comes.
const finEveryMs = 100
// More ranges than fit into an ACK.
const mostRanges = 600

/** The receiving end of a connection: a function of packets and time. It has neither socket nor clock. */
export class Receiver {
  readonly #session: Session
  readonly #memory: PacketMemory
  #window: ReceiveWindow | undefined
  #largest = -1
  #largestAtMs = 0
  #deliveredBytes = 0
  #probedBytes = 0
  #unacked = { packets: 0, bytes: 0 }
  #ackAtMs = Number.POSITIVE_INFINITY
  #toldLimit = 0
  #finAtMs = Number.POSITIVE_INFINITY
  #out: Buffer[] = []
  #close: Close | undefined
  /** When the last packet of the peer came. */
  heardAtMs: number
  /** What the sender calls the transfer, as it says it: '' for nothing. */
  name = ''
  /** What END has claimed. */
  total: Total | undefined
  /** The sender knows that all was delivered. */
  isDone = false

  constructor(session: Session, memory: PacketMemory, nowMs: number) {
    this.#session = session
    this.#memory = memory
    this.heardAtMs = nowMs
  }

  /** Gives true if the peer sent it, and 'newest' if nothing newer has come: then the peer is where it came from. */
  onDatagram(datagram: Buffer, nowMs: number): boolean | 'newest' {
    return this.#onPacket(this.#memory.place(datagram), datagram.length, nowMs)
  }

  /** The same for all packets of a train in the memory. */
  onTrain({ bytes, packetBytes }: Train, nowMs: number): boolean | 'newest' {
    const start = this.#memory.place(bytes)
    const end = start + bytes.length
    let result: boolean | 'newest' = false
    for (let at = start; at < end; at += packetBytes) {
      const taken = this.#onPacket(at, Math.min(packetBytes, end - at), nowMs)
      if (result !== 'newest' && taken !== false) result = taken
    }
    return result
  }

  #onPacket(at: number, packetBytes: number, nowMs: number): boolean | 'newest' {
    const number = this.#session.openIn(this.#memory, at, packetBytes)
    if (number === refused) return false
    const isNewest = number > this.#largest
    this.heardAtMs = nowMs
    if (isNewest) {
      this.#largest = number
      this.#largestAtMs = nowMs
    }
    const { bytes } = this.#memory
    const bodyBytes = packetBytes - headerBytes - this.#session.tagBytes
    if (bytes[at] === packetType.data) this.#onData(at + headerBytes, bodyBytes, packetBytes, nowMs)
    else this.#take(bytes[at] ?? 0, bytes.subarray(at + headerBytes, at + headerBytes + bodyBytes), packetBytes, nowMs)
    return isNewest ? 'newest' : true
  }

  /** Packets to send now: they stay as they are until the next poll. */
  poll(nowMs: number): Buffer[] {
    if (nowMs >= this.#ackAtMs) this.#acknowledge(nowMs)
    if (nowMs >= this.#finAtMs && this.total !== undefined) {
      this.#finAtMs = nowMs + finEveryMs
      this.#out.push(sealTotal(this.#session, 'fin', this.total))
    }
    const out = this.#out
    this.#out = []
    return out
  }

  get wakeAtMs(): number {
    return this.#out.length > 0 ? 0 : Math.min(this.#ackAtMs, this.#finAtMs)
  }

  /** The next bytes of the stream, `leastBytes` or many times that, or all that are left; they stay as they are until released. */
  take(leastBytes: number): Buffer | undefined {
    return this.#window?.take(leastBytes, this.isComplete)
  }

  release(bytes: number, nowMs: number): void {
    const window = this.#window
    if (window === undefined) return
    window.release(bytes)
    const gained = window.limit - this.#toldLimit
    // A sender that waits for room must hear of it; one that does not hears of it with the next packets.
    if (gained >= window.capacity / 4) this.#ackAtMs = Math.min(this.#ackAtMs, nowMs)
  }

  /** Every segment has arrived that END speaks of. */
  get isComplete(): boolean {
    return this.total !== undefined && (this.#window?.cumulative ?? 0) === this.total.segments
  }

  /** For a trace. */
  get counters(): Counters {
    const window = this.#window
    return {
      'received, MB': { received: this.#deliveredBytes / 1e6 },
      'missing, segments': { missing: window === undefined ? 0 : window.missingCount },
      'ring, %': { filled: window?.filledPercent ?? 0 },
    }
  }

  get receivedBytes(): number {
    return this.#deliveredBytes
  }

  /** The whole stream equals what END claimed, and is flushed: FIN is sent until the sender answers. */
  confirm(nowMs: number): void {
    this.#finAtMs = nowMs
  }

  /** A packet that tells the sender why this end gives up. */
  close(close: Close): Buffer {
    return sealClose(this.#session, close)
  }

  /** Why the sender gave up, if it did. */
  get closed(): Close | undefined {
    return this.#close
  }

  #take(type: number, body: Buffer, packetBytes: number, nowMs: number): void {
    switch (type) {
      case packetType.probe:
        this.name ||= readProbe(body)
        this.#probedBytes = Math.max(this.#probedBytes, packetBytes)
        this.#out.push(sealProbed(this.#session, this.#probedBytes, this.#memory.ringBytes))
        break
      case packetType.ping:
        this.#ackAtMs = nowMs
        break
      case packetType.end:
        this.#onEnd(body)
        this.#ackAtMs = nowMs
        break
      case packetType.bye:
        this.isDone = true
        break
      case packetType.close:
        this.#close ??= readClose(body)
        break
    }
  }

  #onData(at: number, bodyBytes: number, packetBytes: number, nowMs: number): void {
    const { bytes } = this.#memory
    const payloadBytes = bodyBytes - dataFieldBytes
    const segment = payloadBytes > 0 ? bytes.readUIntBE(at, 6) : 0
    const segmentBytes = payloadBytes > 0 ? bytes.readUInt16BE(at + 6) : 0
    if (!isData(segmentBytes, payloadBytes)) throw outOfOrder()
    this.#window ??= new ReceiveWindow(segmentBytes, this.#memory)
    if (!this.#window.put(segment, segmentBytes, at + dataFieldBytes, payloadBytes)) throw outOfOrder()
    this.#deliveredBytes += packetBytes
    this.#unacked.packets += 1
    this.#unacked.bytes += packetBytes
    const isDue = this.#unacked.packets >= packetsPerAck && this.#unacked.bytes >= bytesPerAck
    this.#ackAtMs = Math.min(this.#ackAtMs, isDue ? nowMs : nowMs + ackDelayMs)
  }

  #onEnd(body: Buffer): void {
    const total = readTotal(body)
    if (total === undefined) throw outOfOrder()
    const known = this.total
    if (known !== undefined && (known.bytes !== total.bytes || known.digest !== total.digest)) throw outOfOrder()
    this.total = total
  }

  #acknowledge(nowMs: number): void {
    this.#ackAtMs = Number.POSITIVE_INFINITY
    this.#unacked = { packets: 0, bytes: 0 }
    const window = this.#window
    this.#toldLimit = window?.limit ?? 0
    const room = safePacketBytes - headerBytes - this.#session.tagBytes
    const { bytes, outAt } = this.#memory
    const packet = bytes.subarray(outAt, outAt + safePacketBytes)
    const end = writeAck(packet, headerBytes, headerBytes + room, {
      cumulative: window?.cumulative ?? 0,
      limit: this.#toldLimit,
      largest: Math.max(0, this.#largest),
      delayMs: nowMs - this.#largestAtMs,
      clockMs: this.#largestAtMs,
      deliveredBytes: this.#deliveredBytes,
      covered: window?.covered ?? 0,
      isComplete: true,
      missing: window?.missing(mostRanges) ?? [],
    })
    const used = packet.subarray(0, end + this.#session.tagBytes)
    this.#out.push(this.#session.seal(packetType.ack, used, this.#memory))
  }
}

function outOfOrder(): Failure {
  return new Failure('protocol', 'the sender sent what no sender of this version does')
}
