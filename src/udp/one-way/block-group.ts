import { type Interleaving, placeOfSegment, repairsOfGroup, segmentsOfGroup } from './interleaving.ts'

/** What has arrived of the blocks of a group. The segments themselves are in the window. */
export class BlockGroup {
  readonly index: number
  readonly first: number
  readonly #interleaving: Interleaving
  /** Data shards of each block that are there, or known to be zeros. */
  readonly #data: Uint8Array
  readonly #repair: Uint8Array
  readonly #hasRepair: Uint8Array
  #missing: number
  /** Where its repair shards are kept, from the first of them on. */
  repairs: Buffer | undefined

  constructor(index: number, interleaving: Interleaving) {
    this.index = index
    this.first = index * segmentsOfGroup(interleaving)
    this.#interleaving = interleaving
    this.#data = new Uint8Array(interleaving.depth)
    this.#repair = new Uint8Array(interleaving.depth)
    this.#hasRepair = new Uint8Array(repairsOfGroup(interleaving))
    this.#missing = segmentsOfGroup(interleaving)
  }

  get isWhole(): boolean {
    return this.#missing === 0
  }

  /** A segment is there. */
  countSegment(segment: number): void {
    this.#data[placeOfSegment(segment, this.#interleaving).block]! += 1
    this.#missing -= 1
  }

  isBlockWhole(block: number): boolean {
    return this.#data[block] === this.#interleaving.code.data
  }

  /** Enough has arrived to give back what has not. */
  canRepair(block: number): boolean {
    const { data } = this.#interleaving.code
    return !this.isBlockWhole(block) && this.#data[block]! + this.#repair[block]! >= data
  }

  putRepair(block: number, row: number, shard: Uint8Array): void {
    const slot = row * this.#interleaving.depth + block
    if (this.repairs === undefined || this.#hasRepair[slot] === 1) return
    this.repairs.set(shard, slot * this.#interleaving.segmentBytes)
    this.#hasRepair[slot] = 1
    this.#repair[block]! += 1
  }

  repairShard(block: number, row: number): Buffer | undefined {
    const { depth, segmentBytes } = this.#interleaving
    const slot = row * depth + block
    const at = slot * segmentBytes
    return this.#hasRepair[slot] === 1 ? this.repairs?.subarray(at, at + segmentBytes) : undefined
  }
}
