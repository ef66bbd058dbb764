import type { ChunkTable } from './chunk-table.ts'
import type { DiskSpace } from './disk-space.ts'

/** How things stand, for whoever shows it. */
export interface WatchTally extends Backlog {
  done: number
  doneBytes: number
  /** Tries that failed. */
  failures: number
  disk: DiskSpace | undefined
}

interface Backlog {
  waiting: number
  settling: number
  shipping: number
  backlogBytes: number
  oldestMs: number
}

export function emptyTally(): WatchTally {
  return {
    waiting: 0,
    settling: 0,
    shipping: 0,
    done: 0,
    doneBytes: 0,
    failures: 0,
    disk: undefined,
    backlogBytes: 0,
    oldestMs: 0,
  }
}

/** What is here and not stored yet. */
export function backlogOf(table: ChunkTable): Backlog {
  const counts = { settling: 0, shipping: 0, waiting: 0, refused: 0, recorded: 0 }
  const nowMs = Date.now()
  let [backlogBytes, oldestNs] = [0, BigInt(nowMs) * 1_000_000n]
  for (const file of table.files) {
    const stage = table.stageOf(file)
    if (stage !== undefined) counts[stage] += 1
    if (stage === 'recorded') continue
    backlogBytes += file.size
    if (file.mtimeNs < oldestNs) oldestNs = file.mtimeNs
  }
  const { settling, shipping, waiting, refused } = counts
  const oldestMs = nowMs - Number(oldestNs / 1_000_000n)
  return { waiting: waiting + refused, settling, shipping, backlogBytes, oldestMs }
}
