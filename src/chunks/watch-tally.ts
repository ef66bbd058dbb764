import type { Chunk } from './chunk-life.ts'
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
  const stages = table.files.map((file) => table.stageOf(file))
  const count = (...asked: Chunk['stage'][]) => stages.filter((stage) => asked.some((each) => each === stage)).length
  const backlog = table.files.filter((file) => table.stageOf(file) !== 'recorded')
  const times = backlog.map(({ mtimeNs }) => Number(mtimeNs / 1_000_000n))
  const nowMs = Date.now()
  return {
    waiting: count('waiting', 'refused'),
    settling: count('settling'),
    shipping: count('shipping'),
    backlogBytes: backlog.reduce((sum, { size }) => sum + size, 0),
    oldestMs: nowMs - times.reduce((oldest, time) => Math.min(oldest, time), nowMs),
  }
}
