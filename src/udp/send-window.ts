import type { Ack } from './ack.ts'
import type { PacketMemory } from './packet-memory.ts'

const [waiting, inFlight, arrived, lost] = [0, 1, 2, 3] as const

/** The stream's segments between what has arrived and what has been read, in a memory's ring. */
export class SendWindow {
  readonly segmentBytes: number
  readonly #capacity: number
  readonly #memory: PacketMemory
  readonly #states: Uint8Array
  readonly #numbers: Float64Array
  readonly #sentAtMs: Float64Array
  #lost: number[] = []
  #lostHead = 0
  /** What was sent again, and is to go once more. */
  #copies: number[] = []
  #copiesHead = 0
  /** All that have gone and are to go. */
  copiesMade = 0
  /** Segments below have arrived; those from here on were never sent. */
  #base = 0
  #next = 0
  #writtenBytes = 0
  #hasEnded = false
  #inFlight = 0

  constructor(segmentBytes: number, memory: PacketMemory) {
    this.segmentBytes = segmentBytes
    this.#memory = memory
    this.#capacity = Math.floor(memory.ringBytes / segmentBytes)
    this.#states = new Uint8Array(this.#capacity)
    this.#numbers = new Float64Array(this.#capacity)
    this.#sentAtMs = new Float64Array(this.#capacity)
  }

  /** Segments that have been sent and are neither known to have arrived nor held for lost. */
  get inFlight(): number {
    return this.#inFlight
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** Of the whole stream once it has ended, else those that are full. */
  get segments(): number {
    const count = this.#writtenBytes / this.segmentBytes
    return this.#hasEnded ? Math.ceil(count) : Math.floor(count)
  }

  get base(): number {
    return this.#base
  }

  /** Every segment there is was sent once at least, and none is held for lost. */
  get isAllSent(): boolean {
    return this.#next === this.segments && this.#lostHead === this.#lost.length
  }

  /** Of all segments that it has room for. */
  get capacityBytes(): number {
    return this.#capacity * this.segmentBytes
  }

  get hasLost(): boolean {
    return this.#lostHead < this.#lost.length
  }

  /** Of its ring, by what was read and has not arrived. */
  get filledPercent(): number {
    const arrivedBytes = Math.min(this.#writtenBytes, this.#base * this.segmentBytes)
    return (100 * (this.#writtenBytes - arrivedBytes)) / (this.#capacity * this.segmentBytes)
  }

  /** Free space for the next bytes of the stream, in one piece of up to `mostBytes`; empty when the ring is full. */
  space(mostBytes: number): Buffer {
    const size = this.#capacity * this.segmentBytes
    const at = this.#writtenBytes % size
    const free = size - (this.#writtenBytes - Math.min(this.#writtenBytes, this.#base * this.segmentBytes))
    const start = this.#memory.ringAt + at
    return this.#memory.bytes.subarray(start, start + Math.min(free, size - at, mostBytes))
  }

  /** So many bytes were put in the space. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes
  }

  end(): void {
    this.#hasEnded = true
  }

  /** What to send next: what was lost, what is to go twice, else what is new and below `limit`. */
  nextToSend(limit: number): number | undefined {
    for (; this.#lostHead < this.#lost.length; this.#lostHead++) {
      const segment = this.#lost[this.#lostHead] ?? 0
      if (segment >= this.#base && this.#states[segment % this.#capacity] === lost) return segment
    }
    if (this.#lost.length > 0) [this.#lost, this.#lostHead] = [[], 0]
    for (; this.#copiesHead < this.#copies.length; this.#copiesHead++) {
      const segment = this.#copies[this.#copiesHead] ?? 0
      if (segment >= this.#base && this.#states[segment % this.#capacity] === inFlight) return segment
    }
    if (this.#copies.length > 0) [this.#copies, this.#copiesHead] = [[], 0]
    return this.#next < Math.min(limit, this.segments) ? this.#next : undefined
  }

  isRetransmission(segment: number): boolean {
    return segment < this.#next
  }

  /** Where a segment's bytes lie in the memory. */
  payloadAt(segment: number): number {
    return this.#memory.ringAt + (segment % this.#capacity) * this.segmentBytes
  }

  payloadBytes(segment: number): number {
    return Math.min(this.segmentBytes, this.#writtenBytes - segment * this.segmentBytes)
  }

  /** Of what was lost, `isTwice` lets a copy follow. */
  onSent(segment: number, number: number, nowMs: number, isTwice = false): void {
    const slot = segment % this.#capacity
    this.#numbers[slot] = number
    this.#sentAtMs[slot] = nowMs
    if (this.#states[slot] === inFlight) {
      this.#copiesHead += 1
      return
    }
    if (segment === this.#next) this.#next += 1
    else {
      this.#lostHead += 1
      if (isTwice) {
        this.#copies.push(segment)
        this.copiesMade += 1
      }
    }
    this.#states[slot] = inFlight
    this.#inFlight += 1
  }

  /** False for an ACK of what was never sent. */
  isPossible({ cumulative, covered }: Ack): boolean {
    return cumulative <= this.#next && covered <= this.#next
  }

  /**
   * Counts the segments that have newly arrived, and those that are newly held for lost: missing, though a packet that
   * was sent `after` them by the reordering allowance has arrived.
   */
  onAck(ack: Ack, after: { readonly number: number; readonly beforeMs: number }): { arrived: number; lost: number } {
    let count = this.#arrive(this.#base, ack.cumulative)
    let missed = 0
    for (let segment = this.#base; segment < ack.cumulative; segment++) this.#states[segment % this.#capacity] = waiting
    this.#base = Math.max(this.#base, ack.cumulative)
    let told = ack.cumulative
    for (const [from, to] of ack.missing) {
      count += this.#arrive(told, from)
      missed += this.#miss(from, to, after, false)
      told = to
    }
    count += this.#arrive(told, ack.covered)
    if (ack.isComplete) missed += this.#miss(ack.covered, this.#next, after, true)
    return { arrived: count, lost: missed }
  }

  #arrive(from: number, to: number): number {
    let count = 0
    for (let segment = Math.max(from, this.#base); segment < to; segment++) {
      const slot = segment % this.#capacity
      const state = this.#states[slot]
      if (state === arrived) continue
      if (state === inFlight) this.#inFlight -= 1
      this.#states[slot] = arrived
      count += 1
    }
    return count
  }

  /** Behind what has arrived the segments were sent in order: the first that is too young to be lost ends the search. */
  #miss(from: number, to: number, after: { number: number; beforeMs: number }, inOrder: boolean): number {
    let count = 0
    for (let segment = Math.max(from, this.#base); segment < to; segment++) {
      const slot = segment % this.#capacity
      if (this.#states[slot] !== inFlight) continue
      if (this.#numbers[slot]! < after.number && this.#sentAtMs[slot]! <= after.beforeMs) {
        this.#states[slot] = lost
        this.#inFlight -= 1
        this.#lost.push(segment)
        count += 1
      } else if (inOrder) break
    }
    return count
  }
}
