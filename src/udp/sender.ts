import { type Ack, readAck } from './ack.ts'
import { type Close, readClose, readTotal, sealClose, sealData, sealEmpty, sealTotal, type Total } from './bodies.ts'
import { CongestionControl } from './congestion-control.ts'
import { Pacer } from './pacer.ts'
import { headerBytes } from './packet-header.ts'
import { dataFieldBytes, packetType } from './protocol.ts'
import { RttEstimator } from './rtt-estimator.ts'
import { SendWindow } from './send-window.ts'
import { type SentPacket, SentPackets } from './sent-packets.ts'
import type { Session } from './session.ts'

// Silence is broken so often, for the sake of the peer's time-out and of whatever translates addresses on the way.
const keepAliveMs = 1000
// A wait for an answer doubles up to this: after an outage the transfer goes on within a second.
const longestProbeMs = 1000
// So many packets in one go, then the caller looks at what has come.
const packetsPerPoll = 128
// Samples of the delivery rate over less time are of the peer's scheduling, not of the path.
const leastSampleMs = 1

export interface SenderOptions {
  /** Of a whole packet, as the path takes it. */
  readonly packetBytes: number
  /** Memory for segments that may have to be sent again. */
  readonly windowBytes: number
  /** The receiver's memory, before its first ACK. */
  readonly peerWindowBytes: number
  readonly rttMs: number
  /** Bytes a millisecond that are never exceeded. */
  readonly ceiling: number
}

/** The sending end of a connection: a function of packets, bytes and time. It has neither socket nor clock. */
export class Sender {
  readonly window: SendWindow
  readonly control: CongestionControl
  readonly #session: Session
  readonly #packetBytes: number
  readonly #rtt: RttEstimator
  readonly #pacer = new Pacer()
  readonly #sent = new SentPackets()
  readonly #known = { largest: -1, deliveredBytes: 0, clockMs: Number.NaN }
  #limit: number
  #total: Total | undefined
  #isEndSent = false
  #isAckCut = false
  #roundEnd = 0
  #appLimitedUpTo = -1
  /** What an unanswered packet is waited for from: the last progress, or the last try. */
  #waitSinceMs: number
  #tries = 0
  #out: Buffer[] = []
  heardAtMs: number
  closed: Close | undefined
  /** The receiver has confirmed the whole stream. */
  isDone = false
  readonly counts = { packets: 0, retransmissions: 0 }

  constructor(session: Session, options: SenderOptions, nowMs: number) {
    const { packetBytes, windowBytes, peerWindowBytes, rttMs, ceiling } = options
    const segmentBytes = packetBytes - headerBytes - dataFieldBytes - session.tagBytes
    this.#session = session
    this.#packetBytes = packetBytes
    this.window = new SendWindow(segmentBytes, windowBytes)
    this.control = new CongestionControl(packetBytes, rttMs, nowMs, ceiling)
    this.#rtt = new RttEstimator(rttMs)
    this.#limit = Math.floor(peerWindowBytes / segmentBytes)
    this.heardAtMs = nowMs
    this.#waitSinceMs = nowMs
  }

  /** The input is over. `digest` is the XXH64 of all that was written to the window. */
  end(digest: string): void {
    this.window.end()
    this.#total = { segments: this.window.segments, bytes: this.window.writtenBytes, digest }
  }

  /** A packet that tells the receiver why this end gives up. */
  close(close: Close): Buffer {
    return sealClose(this.#session, close)
  }

  /** A packet that answers FIN: nothing more is to come. */
  bye(): Buffer {
    return sealEmpty(this.#session, 'bye')
  }

  /** Gives true if the peer sent it, and 'newest' if nothing newer has come: then the peer is where it came from. */
  onDatagram(datagram: Buffer, nowMs: number): boolean | 'newest' {
    const packet = this.#session.open(datagram)
    if (packet === undefined) return false
    this.heardAtMs = nowMs
    if (packet.type === packetType.ack) this.#onAck(readAck(packet.body), nowMs)
    else if (packet.type === packetType.fin) this.#onFin(readTotal(packet.body))
    else if (packet.type === packetType.close) this.closed ??= readClose(packet.body)
    return packet.isNewest ? 'newest' : true
  }

  /** Packets to send now. */
  poll(nowMs: number): Buffer[] {
    this.#sendData(nowMs)
    if (this.#total !== undefined && !this.#isEndSent && this.window.isAllSent) this.#ask(nowMs)
    if (nowMs >= this.#askAtMs) {
      this.#tries += 1
      this.#ask(nowMs)
    }
    const out = this.#out
    this.#out = []
    return out
  }

  /** When to poll again, if nothing comes before. */
  get wakeAtMs(): number {
    if (this.#out.length > 0) return 0
    const canSend = this.#hasRoom && this.window.nextToSend(this.#limit) !== undefined
    return Math.min(this.#askAtMs, canSend ? this.#pacer.readyAtMs : Number.POSITIVE_INFINITY)
  }

  get #inFlightBytes(): number {
    return this.window.inFlight * this.#packetBytes
  }

  /**
   * What an ACK had no room to tell of counts as on its way, though it may be lost: it must not keep from being sent again
   * what the ACK did tell of.
   */
  get #hasRoom(): boolean {
    return this.#inFlightBytes < this.control.windowBytes || (this.#isAckCut && this.window.hasLost)
  }

  /** When an answer is overdue. An ACK that brings progress puts it off, one that does not leaves it. */
  get #askAtMs(): number {
    const isWaiting = this.window.inFlight > 0 || this.#total !== undefined
    const waitMs = isWaiting ? this.#rtt.timeoutMs * 2 ** Math.min(10, this.#tries) : keepAliveMs
    // On a path slower than the longest wait, asking before the answer can be there says nothing.
    return this.#waitSinceMs + Math.min(waitMs, Math.max(longestProbeMs, this.#rtt.timeoutMs))
  }

  #sendData(nowMs: number): void {
    for (let count = 0; count < packetsPerPoll; count++) {
      if (!this.#hasRoom || nowMs < this.#pacer.readyAtMs) return
      const segment = this.window.nextToSend(this.#limit)
      if (segment === undefined) {
        this.#appLimitedUpTo = this.#session.nextNumber
        return
      }
      this.#sendSegment(segment, nowMs)
    }
  }

  #sendSegment(segment: number, nowMs: number): void {
    if (this.window.inFlight === 0) this.#waitSinceMs = nowMs
    const number = this.#session.nextNumber
    this.counts.packets += 1
    if (this.window.isRetransmission(segment)) this.counts.retransmissions += 1
    const { segmentBytes } = this.window
    const packet = sealData(this.#session, segment, segmentBytes, this.window.payload(segment))
    this.window.onSent(segment, number, nowMs)
    this.#remember(number, nowMs)
    this.#pacer.onSent(packet.length, this.control.pacingRate, nowMs)
    this.#out.push(packet)
  }

  /** Whatever comes back tells all that is missing: the packet's number is above those of all that may be lost. */
  #ask(nowMs: number): void {
    this.#waitSinceMs = nowMs
    this.#remember(this.#session.nextNumber, nowMs)
    if (this.#total !== undefined && this.window.isAllSent) {
      this.#isEndSent = true
      this.#out.push(sealTotal(this.#session, 'end', this.#total))
    } else this.#out.push(sealEmpty(this.#session, 'ping'))
  }

  #remember(number: number, nowMs: number): void {
    const { deliveredBytes, clockMs } = this.#known
    this.#sent.add(number, {
      sentAtMs: nowMs,
      deliveredBytes,
      clockMs,
      isAppLimited: this.#appLimitedUpTo > this.#known.largest,
    })
  }

  #onFin(total: Total | undefined): void {
    const own = this.#total
    if (own === undefined || total === undefined || total.digest !== own.digest || total.bytes !== own.bytes) return
    this.isDone = true
  }

  #onAck(ack: Ack | undefined, nowMs: number): void {
    if (ack === undefined || ack.largest >= this.#session.nextNumber || !this.window.isPossible(ack)) return
    this.#isAckCut = !ack.isComplete
    const hasGained = ack.limit > this.#limit
    this.#limit = Math.max(this.#limit, ack.limit)
    const sent = this.#sent.get(ack.largest)
    const isNewest = ack.largest > this.#known.largest
    const rttMs = sent !== undefined && isNewest ? this.#sampleRtt(ack, sent, nowMs) : undefined
    const allowanceMs = Math.max(this.#rtt.lowestMs / 4, 1)
    const { arrived, lost } = this.window.onAck(ack, {
      number: ack.largest,
      beforeMs: (sent?.sentAtMs ?? Number.NEGATIVE_INFINITY) - allowanceMs,
    })
    if (arrived > 0 || lost > 0 || hasGained) this.#onProgress(nowMs)
    this.control.onAck({
      nowMs,
      rttMs,
      smoothedRttMs: this.#rtt.smoothedMs,
      bytesPerMs: sent !== undefined && isNewest ? this.#rateOf(ack, sent) : undefined,
      isAppLimited: sent?.isAppLimited ?? true,
      isRoundOver: this.#isRoundOver(ack),
      arrivedBytes: arrived * this.#packetBytes,
      lostBytes: lost * this.#packetBytes,
      inFlightBytes: this.#inFlightBytes,
    })
    if (isNewest)
      Object.assign(this.#known, { largest: ack.largest, deliveredBytes: ack.deliveredBytes, clockMs: ack.clockMs })
  }

  #onProgress(nowMs: number): void {
    this.#waitSinceMs = nowMs
    this.#tries = 0
  }

  #sampleRtt(ack: Ack, sent: SentPacket, nowMs: number): number {
    const rttMs = Math.max(0.01, nowMs - sent.sentAtMs - ack.delayMs)
    this.#rtt.sample(rttMs)
    return rttMs
  }

  /** What the receiver got between the newest packet known when this one was sent, and this one, by its own clock. */
  #rateOf(ack: Ack, sent: SentPacket): number | undefined {
    const spanMs = ack.clockMs - sent.clockMs
    if (Number.isNaN(spanMs) || spanMs < leastSampleMs) return undefined
    return (ack.deliveredBytes - sent.deliveredBytes) / spanMs
  }

  #isRoundOver(ack: Ack): boolean {
    if (ack.largest < this.#roundEnd) return false
    this.#roundEnd = this.#session.nextNumber
    return true
  }
}
