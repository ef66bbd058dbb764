import type { PacketMemory } from './packet-memory.ts'

// When the reader is slower than the path much waits in the ring: what is written at once needs this thread's turn only once.
const largestPiece = 16

/** Segments that have arrived, in a memory's ring: they come in any order and go out in theirs. */
export class ReceiveWindow {
  readonly #memory: PacketMemory
  readonly #lengths: Uint16Array
  readonly #segmentBytes: number
  readonly #capacity: number
  /** Segments below have all arrived; those below have been taken; those below are out of the ring. */
  #cumulative = 0
  #taken = 0
  #freed = 0
  #highest = -1
  #shortSegment = Number.POSITIVE_INFINITY
  #freedBytes = 0

  constructor(segmentBytes: number, memory: PacketMemory) {
    this.#segmentBytes = segmentBytes
    this.#memory = memory
    this.#capacity = Math.floor(memory.ringBytes / segmentBytes)
    this.#lengths = new Uint16Array(this.#capacity)
  }

  get cumulative(): number {
    return this.#cumulative
  }

  /** One after the highest segment that has arrived. */
  get covered(): number {
    return Math.max(this.#cumulative, this.#highest + 1)
  }

  get limit(): number {
    return this.#freed + this.#capacity
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Of its ring, by what has arrived in order and is not out. */
  get filledPercent(): number {
    return (100 * (this.#cumulative - this.#freed)) / this.#capacity
  }

  /**
   * Copies a segment's bytes, which lie at `from` in the memory, to their place. False for what cannot be a part of one
   * stream: another segment size, or something behind its last segment.
   */
  put(segment: number, segmentBytes: number, from: number, bytes: number): boolean {
    const isShort = bytes < segmentBytes
    if (segmentBytes !== this.#segmentBytes || segment > this.#shortSegment) return false
    if (isShort && segment < this.covered - 1) return false
    if (segment < this.#cumulative || segment >= this.limit) return true
    const slot = segment % this.#capacity
    if (this.#lengths[slot] !== 0) return true
    if (isShort) this.#shortSegment = segment
    this.#memory.copy(this.#memory.ringAt + slot * this.#segmentBytes, from, bytes)
    this.#lengths[slot] = bytes
    this.#highest = Math.max(this.#highest, segment)
    this.#advance()
    return true
  }

  /** How many segments are missing before the highest. */
  get missingCount(): number {
    return this.missing(Number.POSITIVE_INFINITY).reduce((sum, [from, to]) => sum + to - from, 0)
  }

  /** Up to so many ranges of segments that are missing before the highest. */
  missing(most: number): [number, number][] {
    const ranges: [number, number][] = []
    for (let segment = this.#cumulative; segment < this.#highest; ) {
      const from = segment
      while (segment < this.#highest && this.#lengths[segment % this.#capacity] === 0) segment++
      if (segment > from) ranges.push([from, segment])
      if (ranges.length > most) break
      while (segment < this.#highest && this.#lengths[segment % this.#capacity] !== 0) segment++
    }
    return ranges
  }

  /**
   * The next bytes of the stream, in the ring: they stay until released. About `leastBytes`, or many times that if they are
   * there already; fewer only at the ring's end, or if no more are to come.
   */
  take(leastBytes: number, isEnd: boolean): Buffer | undefined {
    if (this.#taken === this.#cumulative) return undefined
    const slot = this.#taken % this.#capacity
    const least = Math.min(this.#capacity - slot, Math.max(1, Math.floor(leastBytes / this.#segmentBytes)))
    const most = Math.min(this.#capacity - slot, largestPiece * least, this.#capacity >> 3)
    const count = Math.min(this.#cumulative - this.#taken, Math.max(least, most))
    if (count < least && !isEnd) return undefined
    const last = this.#lengths[slot + count - 1] ?? 0
    this.#taken += count
    const at = this.#memory.ringAt + slot * this.#segmentBytes
    return this.#memory.bytes.subarray(at, at + (count - 1) * this.#segmentBytes + last)
  }

  /** Bytes that were taken first are needed no more. */
  release(bytes: number): void {
    this.#freedBytes += bytes
    for (;;) {
      const slot = this.#freed % this.#capacity
      const length = this.#lengths[slot] ?? 0
      if (this.#freed >= this.#taken || this.#freedBytes < length) return
      this.#freedBytes -= length
      this.#lengths[slot] = 0
      this.#freed += 1
    }
  }

  #advance(): void {
    while (this.#cumulative < this.limit && this.#lengths[this.#cumulative % this.#capacity] !== 0) this.#cumulative++
  }
}
