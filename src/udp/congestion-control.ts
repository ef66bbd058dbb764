import { LowestOfSpans } from './lowest-of-spans.ts'
import { MaxOfRounds } from './max-of-rounds.ts'

/** What an ACK tells the control. Bytes are those of whole packets. */
export interface AckedFlight {
  readonly nowMs: number
  readonly rttMs: number | undefined
  /** Bytes that the path delivered in a millisecond, measured over a round trip. */
  readonly bytesPerMs: number | undefined
  readonly isAppLimited: boolean
  /** A round trip is over: a packet that was sent after the last one was over has arrived. */
  readonly isRoundOver: boolean
  readonly arrivedBytes: number
  readonly lostBytes: number
  readonly inFlightBytes: number
}

export type ControlState = 'startup' | 'drain' | 'cruise' | 'look'

// As in BBR: start-up doubles the rate every round trip (4 ln 2), and the queue that this makes is drained after it.
const startupGain = 2.77
const drainGain = 0.5
// A cruise tries a higher rate for one round trip in eight, and gives back what it queued in the next.
const cruiseGains = [1.25, 0.75, 1, 1, 1, 1, 1, 1]
// Twice the flight, less a little: a queue of one flight is just not overrun.
const startupWindowGain = 1.95
// What a flow may have on its way beyond what the path holds is partly the same for all flows, however fast they are: of two
// with a queue between them the slower one gains.
const windowGain = 1.25
const [leastExtraBytes, mostExtraBytes] = [48 * 1024, 192 * 1024]
// Start-up is over when three rounds in a row have not brought a quarter more.
const plateauRounds = 3
const plateauGrowth = 1.25
// More loss than this in a round, while the queue grows, is the path's own: it is full.
const lossCeiling = 0.02
const queueSign = 1.2
// A pause of either machine makes the round trips before its end longer, a queue all of them: the lowest of a short while tells.
const spansOfRtt = 8
// So few may have been lost by chance. The least flight of them is enough to end a start-up at once.
const fewPackets = 8
// Every so often the flight is halved, so that the queue empties and the path's own round-trip time is seen again. It takes two
// round trips: on a long path they would be every eighth.
const [lookEveryMs, joinEveryMs, leastRoundsToLook] = [5000, 2500, 30]
// Where timers take longer than the path, a queue of ours is gone sooner.
const [lookMs, shortLookMs] = [100, 25]
const lookPackets = 8
// There a look is many rounds of nearly nothing, by whose end the rate would be forgotten.
const leastAfterLook = 1 / 2
// If round trips become shorter by it, there is a queue, of ours or of others, and what is left of it may be theirs: only if they
// do not, the path itself has become longer. Else, beside others, each look would allow for more of their queue than the last.
const pathSign = 0.9
// Round trips that become so much shorter all of a sudden tell that another looks, as TCP BBR does too. Who looks then as well
// sees the path without a queue of either; one that had only seen it with a queue would keep more than its share.
const [dipSign, leastDipMs] = [0.7, 3]
const usualWeight = 1 / 64
// The receiver collects packets for an ACK, and timers are late: so much must be on its way beside the path's own. A queue that
// stands for longer than the path itself is as good, and what came on top of it would be taken from the others in it.
const slackMs = 6
const leastSlackMs = 1
const leastPackets = 32
// Before a rate is known: what a path of 10 Mbit/s holds, but no more packets than the queue of a router takes.
const firstBytesPerMs = 1250
const mostFirstPackets = 256
// A higher rate that was tried, and brought so much more without a queue, has found a wider path than was known: start-up had
// ended too soon, or others have gone.
const widerGrowth = 1.15

/**
 * How fast, and how much on its way: a function of what ACKs tell and of time, as BBR has it.
 *
 *   startup ── no growth in 3 rounds, or loss with a queue ──▶ drain ── flight ≤ rate × RTT ──▶ cruise ◀──▶ look
 *   (× 2.77)                                                 (× 0.5)          (1.25 0.75 1 1 1 1 1 1)   (half a flight,
 *      ▲                                                                             │  every 5 s)      100 ms)
 *      └──────────────────── × 1.25 has brought more, and no queue ──────────────────┘
 */
export class CongestionControl {
  readonly #packetBytes: number
  readonly #ceiling: number
  readonly #rates = new MaxOfRounds(10)
  #state: ControlState = 'startup'
  #rttMs: number
  #rttAtMs: number
  #lookUntilMs = 0
  #lookRttMs = Number.POSITIVE_INFINITY
  #beforeLook = { rttMs: 0, rate: 0 }
  #usualRttMs = 0
  #gainIndex = 0
  #gainSinceMs = 0
  /** Known before the last try of a higher one. */
  #rateBefore = Number.POSITIVE_INFINITY
  #fullRate = 0
  #flatRounds = 0
  #round = newRound()
  #rttBeforeMs = Number.POSITIVE_INFINITY
  #flightCeiling = Number.POSITIVE_INFINITY
  #roundsToSkip = 0
  readonly #recentRtts = new LowestOfSpans()

  /** `ceiling` in bytes a millisecond, Infinity for none. */
  constructor(packetBytes: number, firstRttMs: number, nowMs: number, ceiling: number) {
    this.#packetBytes = packetBytes
    this.#rttMs = firstRttMs
    this.#rttAtMs = nowMs
    this.#ceiling = ceiling
  }

  get state(): ControlState {
    return this.#state
  }

  /** Of the path, in bytes a millisecond; 0 before it was measured. */
  get rate(): number {
    return this.#rates.max
  }

  get lowestRttMs(): number {
    return this.#rttMs
  }

  /** Bytes a millisecond. */
  get pacingRate(): number {
    // Start-up is never slower than it began: a first sample may tell of a pause of ours.
    const isOpen = this.#state === 'startup' || this.rate === 0
    const least = isOpen ? this.#firstFlight / Math.max(1, this.#rttMs) : 0
    return Math.min(this.#ceiling, Math.max(least, this.rate) * this.#gain)
  }

  /** Bytes that may be on their way at once. */
  get windowBytes(): number {
    const least = leastPackets * this.#packetBytes
    if (this.rate === 0) return this.#firstFlight
    const slack = this.rate * Math.max(leastSlackMs, slackMs - this.#standingQueueMs) + least
    if (this.#state === 'look') return this.#flight / 2 + lookPackets * this.#packetBytes
    if (this.#state === 'startup') return Math.max(startupWindowGain * this.#flight + least, this.#flight + slack)
    const flight = Math.min(windowGain * this.#flight, Math.max(this.#flightCeiling, 1.1 * this.#flight))
    return flight + slack + Math.min(mostExtraBytes, leastExtraBytes + this.#flight / 2)
  }

  onAck(flight: AckedFlight): void {
    this.#round.arrivedBytes += flight.arrivedBytes
    this.#round.lostBytes += flight.lostBytes
    this.#round.mostInFlight = Math.max(this.#round.mostInFlight, flight.inFlightBytes)
    this.#takeRtt(flight)
    const { bytesPerMs, isAppLimited } = flight
    if (bytesPerMs !== undefined && (!isAppLimited || bytesPerMs > this.rate)) this.#rates.sample(bytesPerMs)
    // What is lost now was sent a round trip ago, and twice as much is on its way: not a round later, but at once.
    if (this.#state === 'startup' && this.#isFull(leastPackets)) this.#state = 'drain'
    if (flight.isRoundOver) this.#endRound(flight)
    this.#step(flight)
  }

  get #firstFlight(): number {
    const packets = Math.min(mostFirstPackets, (firstBytesPerMs * this.#rttMs) / this.#packetBytes)
    return Math.max(leastPackets, packets) * this.#packetBytes
  }

  /** What the path holds without a queue. */
  get #flight(): number {
    return this.rate * this.#rttMs
  }

  /** The lowest of this round and the one before. */
  get #recentRttMs(): number {
    return Math.min(this.#rttBeforeMs, this.#round.lowestRttMs)
  }

  /** Beyond the path's own round-trip time. */
  get #standingQueueMs(): number {
    const queueMs = this.#recentRttMs - this.#rttMs
    return Number.isFinite(queueMs) ? Math.max(0, queueMs - this.#rttMs) : 0
  }

  get #gain(): number {
    if (this.#state === 'startup') return startupGain
    if (this.#state === 'drain') return drainGain
    return this.#state === 'look' ? 1 : (cruiseGains[this.#gainIndex] ?? 1)
  }

  #takeRtt({ nowMs, rttMs }: AckedFlight): void {
    if (rttMs === undefined) return
    this.#recentRtts.sample(rttMs, nowMs, this.#rttMs / spansOfRtt)
    this.#usualRttMs += (rttMs - this.#usualRttMs) * usualWeight
    this.#round.lowestRttMs = Math.min(this.#round.lowestRttMs, rttMs)
    if (this.#state === 'look') this.#lookRttMs = Math.min(this.#lookRttMs, rttMs)
    if (rttMs > this.#rttMs) return
    this.#rttMs = rttMs
    this.#rttAtMs = nowMs
  }

  get #hasQueue(): boolean {
    return this.#recentRtts.lowest > queueSign * this.#rttMs
  }

  /** The path loses packets, and a queue has grown: it takes no more. */
  #isFull(packets: number): boolean {
    const { arrivedBytes, lostBytes } = this.#round
    const isLosing = lostBytes > lossCeiling * (arrivedBytes + lostBytes) && lostBytes > packets * this.#packetBytes
    return isLosing && this.#hasQueue
  }

  #endRound(flight: AckedFlight): void {
    const { mostInFlight } = this.#round
    const isFull = this.#isFull(fewPackets)
    this.#rttBeforeMs = this.#round.lowestRttMs
    this.#round = newRound()
    if (!flight.isAppLimited) this.#rates.nextRound()
    if (this.#state === 'startup') this.#endStartupRound(flight)
    else if (isFull) {
      this.#flightCeiling = 0.85 * mostInFlight
      this.#roundsToSkip = 16
    } else {
      this.#flightCeiling *= 1 + 1 / 16
      this.#roundsToSkip -= 1
    }
  }

  #endStartupRound({ isAppLimited }: AckedFlight): void {
    if (isAppLimited) return
    const hasGrown = this.rate >= this.#fullRate * plateauGrowth
    if (hasGrown) this.#fullRate = this.rate
    this.#flatRounds = hasGrown ? 0 : this.#flatRounds + 1
    // Below that, round trips tell of timers rather than of a queue.
    const isQueued = this.#hasQueue && this.#rttMs > slackMs
    if (this.#flatRounds >= (isQueued ? plateauRounds - 1 : plateauRounds)) this.#state = 'drain'
  }

  #step({ nowMs, inFlightBytes }: AckedFlight): void {
    if (this.#state === 'drain' && inFlightBytes <= this.#flight + leastPackets * this.#packetBytes) {
      // The queue that has gone was of this flow's start-up.
      this.#usualRttMs = this.#rttMs
      this.#cruise(nowMs, 0)
    }
    if (this.#state === 'cruise') {
      this.#turnGain(nowMs, inFlightBytes)
      if (this.#isWider) this.#startUp()
      else if (this.#isTimeToLook(nowMs)) this.#look(nowMs)
    } else if (this.#state === 'look' && nowMs >= this.#lookUntilMs) this.#endLook(nowMs)
  }

  #cruise(nowMs: number, gainIndex: number): void {
    this.#state = 'cruise'
    this.#setGain(gainIndex, nowMs)
  }

  #setGain(index: number, nowMs: number): void {
    this.#gainIndex = index
    this.#gainSinceMs = nowMs
    if (index === 0) this.#rateBefore = this.rate
    // By then all that was sent at the higher rate has been answered.
    else if (index === 3) this.#rateBefore = Number.POSITIVE_INFINITY
  }

  get #isWider(): boolean {
    const hasQueue = this.#recentRttMs > queueSign * this.#rttMs
    return this.rate > widerGrowth * this.#rateBefore && !hasQueue && this.#rttMs > slackMs
  }

  #startUp(): void {
    this.#state = 'startup'
    this.#rateBefore = Number.POSITIVE_INFINITY
    this.#fullRate = this.rate
    this.#flatRounds = 0
  }

  #isTimeToLook(nowMs: number): boolean {
    const lowest = this.#recentRtts.current
    const hasDipped = lowest < dipSign * this.#usualRttMs && this.#usualRttMs - lowest > leastDipMs
    const lookAfterMs = Math.max(lookEveryMs, leastRoundsToLook * this.#rttMs)
    return nowMs - this.#rttAtMs > lookAfterMs || (hasDipped && nowMs - this.#lookUntilMs > joinEveryMs)
  }

  #look(nowMs: number): void {
    this.#state = 'look'
    this.#beforeLook = { rttMs: this.#recentRttMs, rate: this.rate }
    this.#rateBefore = Number.POSITIVE_INFINITY
    this.#lookUntilMs = nowMs + Math.max(this.#rttMs < leastSlackMs ? shortLookMs : lookMs, 2 * this.#rttMs)
    this.#lookRttMs = Number.POSITIVE_INFINITY
  }

  #endLook(nowMs: number): void {
    const isLonger = Number.isFinite(this.#lookRttMs) && this.#lookRttMs > pathSign * this.#beforeLook.rttMs
    if (isLonger) this.#rttMs = this.#lookRttMs
    this.#rttAtMs = nowMs
    this.#rates.sample(leastAfterLook * this.#beforeLook.rate)
    this.#cruise(nowMs, 2)
  }

  #turnGain(nowMs: number, inFlightBytes: number): void {
    const isGivingBack = this.#gainIndex === 1
    const isEmptied = isGivingBack && inFlightBytes <= this.#flight
    if (!isEmptied && nowMs - this.#gainSinceMs < Math.max(this.#rttMs, 1)) return
    const next = (this.#gainIndex + 1) % cruiseGains.length
    // After the path has shown that it is full, higher rates are not tried for a while.
    this.#setGain(next === 0 && this.#roundsToSkip > 0 ? 2 : next, nowMs)
  }
}

function newRound() {
  return { arrivedBytes: 0, lostBytes: 0, mostInFlight: 0, lowestRttMs: Number.POSITIVE_INFINITY }
}
