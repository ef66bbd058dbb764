import { type Ack, readAck } from './ack.ts'
import { type Close, readClose, readTotal, sealClose, sealEmpty, sealTotal, type Total } from './bodies.ts'
import { CongestionControl } from './congestion-control.ts'
import { Pacer } from './pacer.ts'
import { headerBytes } from './packet-header.ts'
import type { PacketMemory } from './packet-memory.ts'
import { dataFieldBytes, packetType } from './protocol.ts'
import { RttEstimator } from './rtt-estimator.ts'
import { SendWindow } from './send-window.ts'
import { type SentPacket, SentPackets } from './sent-packets.ts'
import { refused, type Session } from './session.ts'
import type { Waiting } from './time-spent.ts'
import type { Counters } from './trace.ts'
import { alone, bytesPerCall, type Train } from './train.ts'

// Silence is broken so often, for the sake of the peer's time-out and of whatever translates addresses on the way.
const keepAliveMs = 1000
// A wait for an answer doubles up to this: after an outage the transfer goes on within a second.
const longestProbeMs = 1000
// The memory has room for the packets of so many calls; then the caller looks at what has come.
const callsPerPoll = 4
// Samples of the delivery rate over less time are of the peer's scheduling, not of the path.
const leastSampleMs = 1
// What is lost twice is there after some flights, and others after it may be too: in a window of fewer, what is sent again goes
// twice, as long as such copies are no more than this share of all.
const [flightsOfRepair, mostCopies] = [8, 0.02]

export interface SenderOptions {
  /** Of a whole packet, as the path takes it. */
  readonly packetBytes: number
  /** Where segments are kept that may have to be sent again, and packets are made. */
  readonly memory: PacketMemory
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
  readonly #memory: PacketMemory
  readonly #rtt: RttEstimator
  readonly #pacer = new Pacer()
  readonly #sent = new SentPackets()
  readonly #known = { largest: -1, deliveredBytes: 0, clockMs: Number.NaN }
  /** Of the receiver's packets, by number. */
  #newest = -1
  #limit: number
  #total: Total | undefined
  #isEndSent = false
  #isAckCut = false
  #first: Ack | undefined
  #roundEnd = 0
  #appLimitedUpTo = -1
  /** What an unanswered packet is waited for from: the last progress, or the last try. */
  #waitSinceMs: number
  #tries = 0
  #out: Train[] = []
  heardAtMs: number
  closed: Close | undefined
  /** The receiver has confirmed the whole stream. */
  isDone = false
  readonly counts = { packets: 0, retransmissions: 0 }

  constructor(session: Session, options: SenderOptions, nowMs: number) {
    const { packetBytes, memory, peerWindowBytes, rttMs, ceiling } = options
    const segmentBytes = packetBytes - headerBytes - dataFieldBytes - session.tagBytes
    this.#session = session
    this.#packetBytes = packetBytes
    this.#memory = memory
    memory.setConnection(session.connection)
    this.window = new SendWindow(segmentBytes, memory)
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
    const at = this.#memory.place(datagram)
    const number = this.#session.openIn(this.#memory, at, datagram.length)
    if (number === refused) return false
    this.heardAtMs = nowMs
    const body = this.#memory.bytes.subarray(at + headerBytes, at + datagram.length - this.#session.tagBytes)
    const type = this.#memory.bytes[at]
    if (type === packetType.ack) this.#onAck(readAck(body), nowMs)
    else if (type === packetType.fin) this.#onFin(readTotal(body))
    else if (type === packetType.close) this.closed ??= readClose(body)
    if (number < this.#newest) return true
    this.#newest = number
    return 'newest'
  }

  /** Packets to send now: they stay as they are until the next poll. */
  poll(nowMs: number): Train[] {
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
    const canSend = this.#hasRoom(this.control.windowBytes) && this.window.nextToSend(this.#limit) !== undefined
    return Math.min(this.#askAtMs, canSend ? this.#pacer.readyAtMs : Number.POSITIVE_INFINITY)
  }

  get #inFlightBytes(): number {
    return this.window.inFlight * this.#packetBytes
  }

  /**
   * What an ACK had no room to tell of counts as on its way, though it may be lost: it must not keep from being sent again
   * what the ACK did tell of.
   */
  #hasRoom(windowBytes: number): boolean {
    return this.#inFlightBytes < windowBytes || (this.#isAckCut && this.window.hasLost)
  }

  /** What is lost twice fills the window before it comes, and nothing goes until then. */
  get #mayStandStill(): boolean {
    const { rate, lowestRttMs } = this.control
    if (this.window.copiesMade >= mostCopies * this.counts.packets) return false
    return flightsOfRepair * rate * lowestRttMs > this.window.capacityBytes
  }

  /** When an answer is overdue. An ACK that brings progress puts it off, one that does not leaves it. */
  get #askAtMs(): number {
    const isWaiting = this.window.inFlight > 0 || this.#total !== undefined
    const waitMs = isWaiting ? this.#rtt.timeoutMs * 2 ** Math.min(10, this.#tries) : keepAliveMs
    // On a path slower than the longest wait, asking before the answer can be there says nothing.
    return this.#waitSinceMs + Math.min(waitMs, Math.max(longestProbeMs, this.#rtt.timeoutMs))
  }

  /** What keeps it from sending more: no bytes, the receiver's window, or what the path is known to bear. */
  get waiting(): Waiting {
    if (this.window.nextToSend(this.#limit) !== undefined) return 'path'
    return this.window.isAllSent && this.#total === undefined ? 'stdin' : 'peer'
  }

  /** For a trace. */
  get counters(): Counters {
    const { control, window } = this
    const mbit = (bytesPerMs: number) => Math.round(bytesPerMs * 8) / 1000
    return {
      'rate, Mbit/s': { path: mbit(control.rate), paced: mbit(control.pacingRate) },
      'round trip, ms': { smoothed: this.#rtt.smoothedMs, lowest: control.lowestRttMs },
      'inflight, KB': { inflight: this.#inFlightBytes / 1000, 'no more than': control.windowBytes / 1000 },
      'sent again, packets': { 'sent again': this.counts.retransmissions },
      'ring, %': { filled: window.filledPercent },
    }
  }

  #sendData(nowMs: number): void {
    const { bytes, outAt } = this.#memory
    const { windowBytes, pacingRate, lowestRttMs } = this.control
    let [start, at] = [outAt, outAt]
    // Packets lie one behind the other, so that one call sends many: a shorter one is the last of its train.
    const end = outAt + callsPerPoll * bytesPerCall(this.#packetBytes)
    while (at < end && this.#hasRoom(windowBytes) && nowMs >= this.#pacer.readyAtMs) {
      const segment = this.window.nextToSend(this.#limit)
      if (segment === undefined) {
        this.#appLimitedUpTo = this.#session.nextNumber
        break
      }
      const packetBytes = this.#makePacket(segment, at, nowMs)
      this.#pacer.onSent(packetBytes, pacingRate, lowestRttMs, nowMs)
      at += packetBytes
      if (packetBytes === this.#packetBytes) continue
      this.#out.push({ bytes: bytes.subarray(start, at), packetBytes: this.#packetBytes })
      start = at
    }
    if (at > start) this.#out.push({ bytes: bytes.subarray(start, at), packetBytes: this.#packetBytes })
  }

  /** Returns its length. */
  #makePacket(segment: number, at: number, nowMs: number): number {
    const { window } = this
    if (window.inFlight === 0) this.#waitSinceMs = nowMs
    const number = this.#session.nextNumber
    this.counts.packets += 1
    if (window.isRetransmission(segment)) this.counts.retransmissions += 1
    const payloadBytes = window.payloadBytes(segment)
    const packetBytes = headerBytes + dataFieldBytes + payloadBytes + this.#session.tagBytes
    this.#memory.putData(at, number, segment, window.segmentBytes, window.payloadAt(segment), payloadBytes)
    this.#session.sealIn(this.#memory, at, packetBytes)
    window.onSent(segment, number, nowMs, this.#mayStandStill)
    this.#remember(number, nowMs)
    return packetBytes
  }

  /** Whatever comes back tells all that is missing: the packet's number is above those of all that may be lost. */
  #ask(nowMs: number): void {
    this.#waitSinceMs = nowMs
    this.#remember(this.#session.nextNumber, nowMs)
    if (this.#total !== undefined && this.window.isAllSent) {
      this.#isEndSent = true
      this.#out.push(alone(sealTotal(this.#session, 'end', this.#total)))
    } else this.#out.push(alone(sealEmpty(this.#session, 'ping')))
  }

  #remember(number: number, nowMs: number): void {
    const { deliveredBytes, clockMs } = this.#known
    this.#sent.add(number, nowMs, deliveredBytes, clockMs, this.#appLimitedUpTo > this.#known.largest)
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

  /**
   * What the receiver got between the newest packet known when this one was sent, and this one, by its own clock. When the first
   * flight was sent none was known: those of it that come later are compared with the first that came.
   */
  #rateOf(ack: Ack, sent: SentPacket): number | undefined {
    const isFirstFlight = Number.isNaN(sent.clockMs)
    if (isFirstFlight) this.#first ??= ack
    const since = isFirstFlight ? this.#first : sent
    const spanMs = ack.clockMs - (since?.clockMs ?? Number.NaN)
    const leastMs = isFirstFlight ? Math.max(leastSampleMs, this.#rtt.lowestMs / 8) : leastSampleMs
    return spanMs >= leastMs ? (ack.deliveredBytes - (since?.deliveredBytes ?? 0)) / spanMs : undefined
  }

  #isRoundOver(ack: Ack): boolean {
    if (ack.largest < this.#roundEnd) return false
    this.#roundEnd = this.#session.nextNumber
    return true
  }
}
