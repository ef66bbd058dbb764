/** A file as it was seen: other bytes under its name show in one of these. */
export interface Sight {
  readonly size: number
  readonly mtimeNs: bigint
  readonly inode: bigint
}

/** What is known of a file at one look at the directory. */
export interface Observation extends Sight {
  /** Renamed into place, named by its maker, or followed by the next of its series: it need not settle. */
  readonly isVouchedFor: boolean
}

/**
 * A chunk's life, as a pure function of what is seen and of time:
 *
 *     settling ──▶ shipping ──▶ recorded ──▶ (removed: no longer seen)
 *        ▲           │   ▲          │
 *        │           ▼   │          │   a file that changes is another chunk: it settles again
 *        ╰──────── waiting ◀────────╯
 *                    │
 *                    ╰──▶ refused     left alone until it changes
 */
export type Chunk =
  | { readonly stage: 'settling'; readonly sight: Sight; readonly stillSinceMs: number }
  | { readonly stage: 'shipping'; readonly sight: Sight; readonly tries: number }
  | { readonly stage: 'waiting'; readonly sight: Sight; readonly tries: number; readonly untilMs: number }
  | { readonly stage: 'recorded'; readonly sight: Sight }
  | { readonly stage: 'refused'; readonly sight: Sight }

/** The chunk after a look at its file. */
export function observeChunk(chunk: Chunk | undefined, seen: Sight, nowMs: number): Chunk {
  // Its shipper compares by itself, and its end is awaited.
  if (chunk?.stage === 'shipping' || (chunk !== undefined && isSame(chunk.sight, seen))) return chunk
  return { stage: 'settling', sight: seen, stillSinceMs: nowMs }
}

/** Whether a chunk may be shipped, as soon as no process may write to it. */
export function isReady(chunk: Chunk, seen: Observation, nowMs: number, settleMs: number): boolean {
  if (!isSame(chunk.sight, seen)) return false
  if (chunk.stage === 'settling') return seen.isVouchedFor || nowMs - chunk.stillSinceMs >= settleMs
  return chunk.stage === 'waiting' && nowMs >= chunk.untilMs
}

export function startShipping(chunk: Chunk): Chunk {
  return { stage: 'shipping', sight: chunk.sight, tries: 'tries' in chunk ? chunk.tries + 1 : 1 }
}

/** The chunk after its shipper failed; `random` is from 0 to 1. */
export function waitAfterFailure(chunk: Chunk, nowMs: number, random: number): Chunk {
  const tries = 'tries' in chunk ? chunk.tries : 1
  return { stage: 'waiting', sight: chunk.sight, tries, untilMs: nowMs + backoffMs(tries, random) }
}

const firstBackoffMs = 500
const longestBackoffMs = 60_000

/** Doubles from 0.5 s to a minute, less up to a half: so that many do not come back at one instant. */
export function backoffMs(tries: number, random: number): number {
  return Math.min(firstBackoffMs * 2 ** (tries - 1), longestBackoffMs) * (1 - random / 2)
}

export function isSame(a: Sight, b: Sight): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.inode === b.inode
}
