import type { SeededRandom } from '../fakes/seeded-random.ts'

export interface LinkOptions {
  /** One way. */
  readonly delayMs: number
  /** Bytes a millisecond, Infinity for no limit. */
  readonly bytesPerMs?: number
  /** Bytes that wait for the link before those that come next are dropped. */
  readonly queueBytes?: number
  readonly loss?: number
  readonly duplicate?: number
  readonly corrupt?: number
  /** A share of packets is late by up to `lateMs`, so that others overtake them. */
  readonly reorder?: number
  readonly lateMs?: number
  /** Nothing passes from the first time up to before the second. */
  readonly goneMs?: readonly [from: number, to: number]
}

interface Travelling {
  readonly atMs: number
  readonly order: number
  readonly bytes: Buffer
  readonly deliver: (bytes: Buffer, nowMs: number) => void
}

/** One direction of a path, in virtual time; several flows may share it. */
export class SimulatedLink {
  readonly #random: SeededRandom
  readonly #options: LinkOptions
  #freeAtMs = 0
  dropped = 0

  constructor(options: LinkOptions, random: SeededRandom) {
    this.#options = options
    this.#random = random
  }

  /** When the copies of a packet arrive, and what is left of them. */
  send(bytes: Buffer, nowMs: number): { atMs: number; bytes: Buffer }[] {
    const { bytesPerMs = Number.POSITIVE_INFINITY, queueBytes = Number.POSITIVE_INFINITY, delayMs } = this.#options
    const [from, to] = this.#options.goneMs ?? [Number.POSITIVE_INFINITY, 0]
    if (nowMs >= from && nowMs < to) return []
    const startMs = Math.max(this.#freeAtMs, nowMs)
    if ((startMs - nowMs) * bytesPerMs > queueBytes || this.#chance(this.#options.loss)) {
      this.dropped += 1
      return []
    }
    this.#freeAtMs = startMs + bytes.length / bytesPerMs
    const lateMs = this.#chance(this.#options.reorder) ? (this.#options.lateMs ?? 0) * this.#unit() : 0
    const copies = this.#chance(this.#options.duplicate) ? 2 : 1
    return Array.from({ length: copies }, () => ({
      atMs: this.#freeAtMs + delayMs + lateMs,
      bytes: this.#damaged(bytes),
    }))
  }

  #damaged(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes)
    if (!this.#chance(this.#options.corrupt)) return copy
    const at = this.#random.below(copy.length)
    copy[at] = copy[at]! ^ (1 << this.#random.below(8))
    return copy
  }

  #chance(share = 0): boolean {
    return share > 0 && this.#unit() < share
  }

  #unit(): number {
    return this.#random.below(2 ** 30) / 2 ** 30
  }
}

/** Packets on their way over all links, in the order of their arrival. */
export class Air {
  #heap: Travelling[] = []
  #order = 0

  send(link: SimulatedLink, bytes: Buffer, nowMs: number, deliver: Travelling['deliver']): void {
    for (const copy of link.send(bytes, nowMs)) this.#push({ ...copy, order: this.#order++, deliver })
  }

  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Delivers what has arrived by now. */
  deliver(nowMs: number): void {
    while (this.nextAtMs <= nowMs) {
      const { bytes, deliver } = this.#pop()
      deliver(bytes, nowMs)
    }
  }

  #push(item: Travelling): void {
    const heap = this.#heap
    let at = heap.length
    for (heap.push(item); at > 0; ) {
      const parent = (at - 1) >> 1
      if (!isBefore(item, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = item
  }

  #pop(): Travelling {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Travelling, other: Travelling): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
