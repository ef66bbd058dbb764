import { type Close, readClose, readProbed, sealProbe } from './bodies.ts'
import { packetType, safePacketBytes } from './protocol.ts'
import type { Session } from './session.ts'

// Path MTUs worth a try: jumbo frames, Ethernet, Ethernet with a tunnel or PPPoE; and what always passes.
const candidateMtus = [9000, 1500, 1420]
const headersOf = { 4: 28, 6: 48 } as const
// Copies, against loss. They follow each other soon: on a long path, waiting for each answer would be most of the start-up.
const tries = 3
const tryEveryMs = 20
const leastWaitMs = 30
const longestMs = 3000

/** Finds the largest packet that the path takes: tries all sizes at once, and uses the largest that is answered. */
export class MtuSearch {
  readonly #session: Session
  readonly #name: string
  #sizes: readonly number[]
  readonly #waitMs: number
  #startedAtMs: number | undefined
  #tried = 0
  #nextAtMs = 0
  #foundBytes = 0
  windowBytes = 0
  /** Why the receiver gave up already, if it did. */
  closed: Close | undefined

  /** Without a family only the size that always passes is tried: where packets are cut on the way, others tell nothing. */
  constructor(session: Session, family: 4 | 6 | undefined, rttMs: number, name = '') {
    this.#session = session
    this.#name = name
    const larger = family === undefined ? [] : candidateMtus.map((mtu) => mtu - headersOf[family])
    this.#sizes = [...larger, safePacketBytes]
    this.#waitMs = Math.max(leastWaitMs, 1.5 * rttMs + 5)
  }

  onDatagram(datagram: Buffer): boolean {
    const packet = this.#session.open(datagram)
    if (packet === undefined) return false
    if (packet.type === packetType.close) this.closed ??= readClose(packet.body)
    const probed = packet.type === packetType.probed ? readProbed(packet.body) : undefined
    if (probed !== undefined && this.#sizes.includes(probed.packetBytes)) {
      this.#foundBytes = Math.max(this.#foundBytes, probed.packetBytes)
      this.windowBytes = probed.windowBytes
    }
    return true
  }

  /** Packets of so many bytes do not even leave: nobody will answer them. */
  refuse(bytes: number): void {
    this.#sizes = this.#sizes.filter((size) => size < bytes || size === safePacketBytes)
  }

  poll(nowMs: number): Buffer[] {
    this.#startedAtMs ??= nowMs
    if (nowMs < this.#nextAtMs || this.foundBytes(nowMs) !== undefined) return []
    this.#tried += 1
    this.#nextAtMs = nowMs + (this.#tried < tries ? tryEveryMs : this.#waitMs)
    const sizes = this.#sizes.filter((bytes) => bytes > this.#foundBytes)
    return sizes.map((bytes) => sealProbe(this.#session, bytes, this.#name))
  }

  get wakeAtMs(): number {
    return this.#nextAtMs
  }

  /** The packet size to use, once it is known. Without any answer it is never known: the peer is gone. */
  foundBytes(nowMs: number): number | undefined {
    if (this.#foundBytes === this.#sizes[0]) return this.#foundBytes
    const isTried = this.#tried >= tries && nowMs >= this.#nextAtMs
    const isLate = nowMs - (this.#startedAtMs ?? nowMs) > longestMs
    return (isTried || isLate) && this.#foundBytes > 0 ? this.#foundBytes : undefined
  }
}
