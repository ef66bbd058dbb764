import type { Session } from '../session.ts'
import { type Last, sealLast, sealShard } from './bodies.ts'
import { type Interleaving, placeOfSegment, repairsOfGroup, segmentsOfGroup } from './interleaving.ts'
import { RepairShards } from './reed-solomon.ts'

/** A packet, or undefined: for the time of one packet nothing is sent, so that a burst still hits each block once. */
export type Slot = Buffer | undefined

/** Makes the packets of a stream, in their order. */
export class PacketMaker {
  readonly #session: Session
  readonly #interleaving: Interleaving
  readonly #sums: RepairShards
  #segments = 0

  constructor(session: Session, interleaving: Interleaving) {
    this.#session = session
    this.#interleaving = interleaving
    this.#sums = new RepairShards(interleaving.code, interleaving.segmentBytes, interleaving.depth)
  }

  /** The next segment; only the last may be shorter. Repair follows where it fills a group. */
  *segment(bytes: Uint8Array): Generator<Slot> {
    const { block, line } = placeOfSegment(this.#segments, this.#interleaving)
    this.#sums.add(block, line, bytes)
    yield sealShard(this.#session, 'segment', this.#segments, bytes, this.#interleaving.segmentBytes)
    this.#segments += 1
    if (this.#segments % segmentsOfGroup(this.#interleaving) === 0) yield* this.#repair(this.#interleaving.depth)
  }

  /** The repair of a group that is not full; what is missing of its last row, and blocks without data, are pauses. */
  *finish(): Generator<Slot> {
    const { depth } = this.#interleaving
    const within = this.#segments % segmentsOfGroup(this.#interleaving)
    if (within === 0) return
    for (let at = within; at % depth !== 0; at++) yield undefined
    yield* this.#repair(Math.min(within, depth))
  }

  last(last: Last): Buffer {
    return sealLast(this.#session, last, this.#interleaving.segmentBytes)
  }

  *#repair(blocks: number): Generator<Slot> {
    const { code, depth, segmentBytes } = this.#interleaving
    const group = Math.ceil(this.#segments / segmentsOfGroup(this.#interleaving)) - 1
    const first = group * repairsOfGroup(this.#interleaving)
    for (let row = 0; row < code.repair; row++)
      for (let block = 0; block < depth; block++) {
        const isUsed = block < blocks
        const index = first + row * depth + block
        yield isUsed ? sealShard(this.#session, 'repair', index, this.#sums.shard(block, row), segmentBytes) : undefined
      }
    this.#sums.clear()
  }
}
