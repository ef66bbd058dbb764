import type { Code } from './reed-solomon.ts'

/** How a stream lies in packets. All of it is in START. */
export interface Interleaving {
  readonly code: Code
  /** Blocks side by side in a group: as many packets in a row can be lost for each repair shard of a block. */
  readonly depth: number
  /** What a packet has of the stream; the last segment is padded with zeros. */
  readonly segmentBytes: number
}

/*
 * A group, in the order of its packets: data row by row, which is the order of the stream, then repair.
 *
 *              block 0   block 1  …  block depth - 1
 *   column 0   segment 0 1        …  depth - 1
 *   column 1   depth     …
 *   …
 *   row 0      repair 0  1        …  depth - 1
 *   row 1      depth     …
 */
export interface Place {
  readonly group: number
  readonly block: number
  /** The column of a segment, the row of a repair shard. */
  readonly line: number
}

export function segmentsOfGroup({ code, depth }: Interleaving): number {
  return code.data * depth
}

export function repairsOfGroup({ code, depth }: Interleaving): number {
  return code.repair * depth
}

export function placeOfSegment(segment: number, interleaving: Interleaving): Place {
  return placeIn(segment, segmentsOfGroup(interleaving), interleaving.depth)
}

export function placeOfRepair(index: number, interleaving: Interleaving): Place {
  return placeIn(index, repairsOfGroup(interleaving), interleaving.depth)
}

function placeIn(index: number, perGroup: number, depth: number): Place {
  const within = index % perGroup
  return { group: (index - within) / perGroup, block: within % depth, line: Math.floor(within / depth) }
}

/** Deep enough that no burst of so many bytes takes more shards of a block than its repair shards give back. */
export function depthFor(code: Code, burstBytes: number, packetBytes: number): number {
  return Math.max(1, Math.ceil(burstBytes / packetBytes / code.repair))
}

// Implementation: packets that are overtaken by so many others are held for lost.
const overtakingBytes = 1_400_000
const [leastOvertaking, mostOvertaking] = [64, 1024]

/** By so many segments may a segment be late. */
export function overtakingSegments({ segmentBytes }: Interleaving): number {
  return Math.min(mostOvertaking, Math.max(leastOvertaking, Math.floor(overtakingBytes / segmentBytes)))
}

/** Of so many groups are repair shards kept: of those that may still be repaired. */
export function repairGroups(interleaving: Interleaving): number {
  return 1 + Math.ceil(overtakingSegments(interleaving) / segmentsOfGroup(interleaving))
}

/** What a receiver must hold, in bytes: a group, what may overtake it, and repair shards. */
export function leastWindowBytes(interleaving: Interleaving): number {
  const segments = segmentsOfGroup(interleaving) + overtakingSegments(interleaving)
  return (segments + repairGroups(interleaving) * repairsOfGroup(interleaving)) * interleaving.segmentBytes
}

/** The segments that a window of so many bytes holds beside the repair shards. */
export function windowSegments(interleaving: Interleaving, windowBytes: number): number {
  const repairs = repairGroups(interleaving) * repairsOfGroup(interleaving)
  return Math.floor(windowBytes / interleaving.segmentBytes) - repairs
}
