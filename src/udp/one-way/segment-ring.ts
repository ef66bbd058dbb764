/** What is known of a segment. */
export const segmentState = { absent: 0, arrived: 1, lost: 2 } as const
export type SegmentState = (typeof segmentState)[keyof typeof segmentState]

/** The segments from `first` on, each in its slot, as many as there is room for. */
export class SegmentRing {
  readonly #segmentBytes: number
  readonly #capacity: number
  readonly #bytes: Buffer
  readonly #states: Uint8Array
  #first = 0

  constructor(segmentBytes: number, capacity: number) {
    this.#segmentBytes = segmentBytes
    this.#capacity = capacity
    this.#bytes = Buffer.allocUnsafeSlow(capacity * segmentBytes)
    this.#states = new Uint8Array(capacity)
  }

  get first(): number {
    return this.#first
  }

  /** One after the last segment that has a slot. */
  get limit(): number {
    return this.#first + this.#capacity
  }

  /** Only of a segment that has a slot. */
  stateOf(segment: number): SegmentState {
    return this.#states[segment % this.#capacity] as SegmentState
  }

  put(segment: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, (segment % this.#capacity) * this.#segmentBytes)
    this.#states[segment % this.#capacity] = segmentState.arrived
  }

  /** Zeros stand in its place. */
  lose(segment: number): void {
    const at = (segment % this.#capacity) * this.#segmentBytes
    this.#bytes.fill(0, at, at + this.#segmentBytes)
    this.#states[segment % this.#capacity] = segmentState.lost
  }

  /** Up to so many segments from this one on that lie side by side and have one state, padded as they came. */
  run(segment: number, most: number): Buffer {
    const slot = segment % this.#capacity
    const end = Math.min(slot + most, this.#capacity)
    let next = slot + 1
    while (next < end && this.#states[next] === this.#states[slot]) next++
    return this.#bytes.subarray(slot * this.#segmentBytes, next * this.#segmentBytes)
  }

  bytesOf(segment: number): Buffer {
    return this.run(segment, 1)
  }

  /** The slots of segments before this one are free for others. */
  advance(first: number): void {
    const freed = Math.min(first - this.#first, this.#capacity)
    for (let count = 0; count < freed; count++)
      this.#states[(this.#first + count) % this.#capacity] = segmentState.absent
    this.#first = Math.max(this.#first, first)
  }
}
