import { Failure } from '../errors.ts'
import { writeAck } from './ack.ts'
import { type Close, readClose, readData, readTotal, sealClose, sealProbed, sealTotal, type Total } from './bodies.ts'
import { headerBytes } from './packet-header.ts'
import { packetType, safePacketBytes } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { OpenedPacket, Session } from './session.ts'

// How many packets, or how long, one ACK may wait for.
const packetsPerAck = 32
const ackDelayMs = 2
// FIN is said again after so long, until BYE comes.
const finEveryMs = 100
// More ranges than fit into an ACK.
const mostRanges = 600

/** The receiving end of a connection: a function of packets and time. It has neither socket nor clock. */
export class Receiver {
  readonly #session: Session
  readonly #windowBytes: number
  #window: ReceiveWindow | undefined
  #largest = -1
  #largestAtMs = 0
  #deliveredBytes = 0
  #probedBytes = 0
  #unackedPackets = 0
  #ackAtMs = Number.POSITIVE_INFINITY
  #toldLimit = 0
  #finAtMs = Number.POSITIVE_INFINITY
  #out: Buffer[] = []
  #close: Close | undefined
  /** When the last packet of the peer came. */
  heardAtMs: number
  /** What END has claimed. */
  total: Total | undefined
  /** The sender knows that all was delivered. */
  isDone = false

  constructor(session: Session, windowBytes: number, nowMs: number) {
    this.#session = session
    this.#windowBytes = windowBytes
    this.heardAtMs = nowMs
  }

  /** Gives true if the peer sent it, and 'newest' if nothing newer has come: then the peer is where it came from. */
  onDatagram(datagram: Buffer, nowMs: number): boolean | 'newest' {
    const packet = this.#session.open(datagram)
    if (packet === undefined) return false
    this.heardAtMs = nowMs
    if (packet.isNewest) {
      this.#largest = packet.number
      this.#largestAtMs = nowMs
    }
    this.#take(packet, datagram.length, nowMs)
    return packet.isNewest ? 'newest' : true
  }

  /** Packets to send now. */
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

  /** The next bytes of the stream; they stay as they are until released. */
  take(mostBytes: number): Buffer | undefined {
    return this.#window?.take(mostBytes)
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

  #take({ type, body }: OpenedPacket, packetBytes: number, nowMs: number): void {
    switch (type) {
      case packetType.data:
        this.#onData(body, packetBytes, nowMs)
        break
      case packetType.probe:
        this.#probedBytes = Math.max(this.#probedBytes, packetBytes)
        this.#out.push(sealProbed(this.#session, this.#probedBytes, this.#windowBytes))
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

  #onData(body: Buffer, packetBytes: number, nowMs: number): void {
    const data = readData(body)
    if (data === undefined) throw outOfOrder()
    this.#window ??= new ReceiveWindow(data.segmentBytes, this.#windowBytes)
    if (!this.#window.put(data)) throw outOfOrder()
    this.#deliveredBytes += packetBytes
    this.#unackedPackets += 1
    const isDue = this.#unackedPackets >= packetsPerAck
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
    this.#unackedPackets = 0
    const window = this.#window
    this.#toldLimit = window?.limit ?? 0
    const room = safePacketBytes - headerBytes - this.#session.tagBytes
    const packet = this.#session.allocate(room)
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
    this.#out.push(this.#session.seal(packetType.ack, packet.subarray(0, end + this.#session.tagBytes)))
  }
}

function outOfOrder(): Failure {
  return new Failure('protocol', 'the sender sent what no sender of this version does')
}
