import { BlockGroup } from './block-group.ts'
import {
  type Interleaving,
  overtakingSegments,
  placeOfRepair,
  placeOfSegment,
  repairGroups,
  repairsOfGroup,
  segmentsOfGroup,
  windowSegments,
} from './interleaving.ts'
import { Reconstruction } from './reed-solomon.ts'
import { SegmentRing, segmentState } from './segment-ring.ts'

/** The next bytes of the stream, or zeros in place of those that are lost. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly isLost: boolean
}

// LAST cannot say more.
const longestStream = 2 ** 48
const zeros = Buffer.alloc(64 * 1024)

/**
 * Segments that come in any order, with gaps that repair shards fill, and go out in theirs. What is missing of a group is
 * given up when others have overtaken it by far, or when told that nothing more comes.
 */
export class RepairWindow {
  readonly #interleaving: Interleaving
  readonly #perGroup: number
  readonly #ring: SegmentRing
  readonly #reconstruction: Reconstruction
  readonly #groups = new Map<number, BlockGroup>()
  readonly #spareRepairs: Buffer[]
  /** Segments below are settled: there, or lost. */
  #settled = 0
  #taken = 0
  #highest = -1
  #totalBytes = Number.POSITIVE_INFINITY
  #isOver = false
  /** Packets for which there was no place, since the output stood still; segments given back by repair. */
  readonly counts = { refused: 0, repaired: 0 }

  constructor(interleaving: Interleaving, windowBytes: number) {
    const { segmentBytes, code } = interleaving
    this.#interleaving = interleaving
    this.#perGroup = segmentsOfGroup(interleaving)
    this.#ring = new SegmentRing(segmentBytes, windowSegments(interleaving, windowBytes))
    this.#reconstruction = new Reconstruction(code, segmentBytes)
    const repairBytes = repairsOfGroup(interleaving) * segmentBytes
    this.#spareRepairs = Array.from({ length: repairGroups(interleaving) }, () => Buffer.allocUnsafeSlow(repairBytes))
  }

  /** All that there is, or was to be, has been taken. */
  get isDone(): boolean {
    return this.#taken >= this.#segments || (this.#isOver && this.#taken >= this.#end)
  }

  /** Nothing is missing that could still come. */
  get isSettled(): boolean {
    return this.#settled >= this.#segments
  }

  putSegment(segment: number, bytes: Uint8Array): void {
    if (this.#isOver || segment < this.#settled || segment >= this.#segments) return
    this.#highest = Math.max(this.#highest, segment)
    this.#giveUpOvertaken()
    if (!this.#hasSlot(segment) || this.#ring.stateOf(segment) !== segmentState.absent) return
    this.#put(this.#groupOf(segment), segment, bytes)
    this.#tryRepair(this.#groupOf(segment), placeOfSegment(segment, this.#interleaving).block)
    this.#settle()
  }

  putRepair(index: number, shard: Uint8Array): void {
    const { group: groupIndex, block, line: row } = placeOfRepair(index, this.#interleaving)
    const first = groupIndex * this.#perGroup
    if (this.#isOver || first + this.#perGroup <= this.#settled || first >= this.#segments) return
    if (!this.#hasSlot(first)) return
    const group = this.#groupOf(first)
    if (group.isBlockWhole(block)) return
    group.repairs ??= this.#spareRepairs.pop()
    group.putRepair(block, row, shard)
    this.#tryRepair(group, block)
    this.#settle()
  }

  /** The stream has so many bytes. False if that cannot be. */
  end(totalBytes: number): boolean {
    if (this.#totalBytes !== Number.POSITIVE_INFINITY) return this.#totalBytes === totalBytes
    if (this.#highest >= Math.ceil(totalBytes / this.#interleaving.segmentBytes)) return false
    this.#totalBytes = totalBytes
    if (this.#segments % this.#perGroup !== 0) this.#knowZeros()
    this.#settle()
    return true
  }

  /** What has not arrived is lost. */
  giveUp(): void {
    if (this.#isOver) return
    const end = Math.max(this.#settled, Math.min(this.#segments, this.#highest + 1))
    const known = this.#totalBytes === Number.POSITIVE_INFINITY ? end : this.#segments
    this.#loseBelow(known)
    this.#settled = known
    this.#isOver = true
  }

  /** Copies as much as fits into the target: all of it there, or all lost. */
  take(target: Uint8Array): Piece | undefined {
    const { segmentBytes } = this.#interleaving
    const most = Math.min(this.#end - this.#taken, Math.floor(target.length / segmentBytes))
    if (most <= 0) return undefined
    const isLost = this.#isLost
    const padded = this.#isOutside ? this.#lostBytes(most) : this.#ring.run(this.#taken, most)
    const bytes = padded.subarray(0, this.#totalBytes - this.#takenBytes)
    target.set(bytes)
    this.#taken += padded.length / segmentBytes
    this.#advance()
    return { bytes: target.subarray(0, bytes.length), isLost }
  }

  /** Leaves out at once what is lost next, however much it is. Returns its bytes. */
  skipLost(): number {
    const before = this.#takenBytes
    while (this.#taken < this.#end && this.#isLost) {
      if (this.#taken < this.#ring.first) this.#taken = Math.min(this.#end, this.#ring.first)
      else if (this.#taken >= this.#ring.limit) this.#taken = this.#end
      else this.#taken += 1
    }
    this.#advance()
    return this.#takenBytes - before
  }

  get #takenBytes(): number {
    return Math.min(this.#taken * this.#interleaving.segmentBytes, this.#totalBytes)
  }

  get #isOutside(): boolean {
    return this.#taken < this.#ring.first || this.#taken >= this.#ring.limit
  }

  /** Of the next to be taken. */
  get #isLost(): boolean {
    return this.#isOutside || this.#ring.stateOf(this.#taken) === segmentState.lost
  }

  get #segments(): number {
    return Math.ceil(this.#totalBytes / this.#interleaving.segmentBytes)
  }

  /** What can be taken. The last segment is padded: only one that another follows, or the end, is known to be whole. */
  get #end(): number {
    return Math.min(this.#settled, Number.isFinite(this.#totalBytes) ? this.#segments : this.#highest)
  }

  #groupStart(segment: number): number {
    return segment - (segment % this.#perGroup)
  }

  #groupOf(segment: number): BlockGroup {
    const index = Math.floor(segment / this.#perGroup)
    const group = this.#groups.get(index) ?? new BlockGroup(index, this.#interleaving)
    this.#groups.set(index, group)
    return group
  }

  /** Where all before it is taken, a segment from far ahead has a slot: what is between is lost. */
  #hasSlot(segment: number): boolean {
    if (segment < this.#ring.first) return false
    if (segment < this.#ring.limit) return true
    if (segment * this.#interleaving.segmentBytes >= longestStream) return false
    const start = this.#groupStart(segment)
    if (this.#taken < this.#settled || start <= this.#settled) {
      // The last one is not taken before the next comes, whatever the output does.
      if (this.#taken < this.#settled - 1) this.counts.refused += 1
      return false
    }
    this.#ring.advance(start)
    this.#settled = start
    this.#dropGroups()
    return true
  }

  #put(group: BlockGroup, segment: number, bytes: Uint8Array): void {
    this.#ring.put(segment, bytes)
    group.countSegment(segment)
  }

  #tryRepair(group: BlockGroup, block: number): void {
    if (!group.canRepair(block)) return
    const { code, depth } = this.#interleaving
    const segmentAt = (column: number) => group.first + column * depth + block
    const columns = Array.from({ length: code.data }, (_, column) => column)
    const missing = columns.filter((column) => this.#isMissing(segmentAt(column)))
    if (missing.some((column) => segmentAt(column) >= this.#ring.limit)) return
    const shardAt = (index: number) =>
      index < code.data ? this.#shardOf(segmentAt(index)) : group.repairShard(block, index - code.data)
    this.#reconstruction.repair(missing, shardAt, (column, shard) => {
      this.#put(group, segmentAt(column), shard)
      this.counts.repaired += 1
    })
  }

  #isMissing(segment: number, end = this.#segments): boolean {
    if (segment >= end) return false
    return segment >= this.#ring.limit || this.#ring.stateOf(segment) === segmentState.absent
  }

  #shardOf(segment: number): Buffer {
    const { segmentBytes } = this.#interleaving
    return segment < this.#segments ? this.#ring.bytesOf(segment) : zeros.subarray(0, segmentBytes)
  }

  /** What is behind the end of the stream in its last group. */
  #knowZeros(): void {
    const group = this.#groupOf(this.#segments)
    for (let segment = this.#segments; segment < group.first + this.#perGroup; segment++) {
      // Repair shards that came before this was known may have given them back.
      if (this.#isMissing(segment, Number.POSITIVE_INFINITY)) group.countSegment(segment)
      else this.counts.repaired -= 1
    }
    for (let block = 0; block < this.#interleaving.depth; block++) this.#tryRepair(group, block)
  }

  #giveUpOvertaken(): void {
    const end = this.#groupStart(Math.max(0, this.#highest - overtakingSegments(this.#interleaving)))
    if (end > this.#settled) this.#loseBelow(end)
  }

  #loseBelow(end: number): void {
    for (let segment = this.#settled; segment < Math.min(end, this.#ring.limit); segment++)
      if (this.#ring.stateOf(segment) === segmentState.absent) this.#ring.lose(segment)
    this.#settle()
  }

  #settle(): void {
    const before = this.#groupStart(this.#settled)
    const end = Math.min(this.#segments, this.#ring.limit)
    while (this.#settled < end && this.#ring.stateOf(this.#settled) !== segmentState.absent) this.#settled += 1
    if (this.#groupStart(this.#settled) > before) this.#dropGroups()
    this.#advance()
  }

  #dropGroups(): void {
    for (const [index, group] of this.#groups) {
      if ((index + 1) * this.#perGroup > this.#settled) continue
      this.#groups.delete(index)
      if (group.repairs !== undefined) this.#spareRepairs.push(group.repairs)
    }
  }

  /** Segments of a group stay until all of it is settled, for the sake of those that are missing. */
  #advance(): void {
    // What never had a slot is lost, and must get none.
    if (this.#isOver) return
    this.#ring.advance(Math.min(this.#taken, this.#groupStart(this.#settled)))
  }

  #lostBytes(most: number): Buffer {
    const { segmentBytes } = this.#interleaving
    const until = this.#taken < this.#ring.first ? Math.min(most, this.#ring.first - this.#taken) : most
    return zeros.subarray(0, Math.min(until, Math.floor(zeros.length / segmentBytes)) * segmentBytes)
  }
}
