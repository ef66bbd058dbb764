import type { Chunk } from './chunk-life.ts'
import type { FoundFile } from './chunk-source.ts'

/** How things stand, for whoever shows it. */
export interface WatchTally extends Backlog {
  done: number
  doneBytes: number
}

interface Backlog {
  waiting: number
  settling: number
  shipping: number
  backlogBytes: number
  oldestMs: number
}

/** What is here and not stored yet. */
export function backlogOf(files: readonly FoundFile[], chunks: ReadonlyMap<string, Chunk>): Backlog {
  const stageOf = ({ path }: FoundFile) => chunks.get(path)?.stage
  const count = (...stages: Chunk['stage'][]) =>
    files.filter((file) => stages.some((stage) => stage === stageOf(file))).length
  const backlog = files.filter((file) => stageOf(file) !== 'recorded')
  const times = backlog.map(({ mtimeNs }) => Number(mtimeNs / 1_000_000n))
  return {
    waiting: count('waiting', 'refused'),
    settling: count('settling'),
    shipping: count('shipping'),
    backlogBytes: backlog.reduce((sum, { size }) => sum + size, 0),
    oldestMs: Date.now() - Math.min(Date.now(), ...times),
  }
}
