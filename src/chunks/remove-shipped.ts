import { unlink } from 'node:fs/promises'
import { isSame } from './chunk-life.ts'
import { compareChunkNames } from './chunk-name.ts'
import type { FoundFile } from './chunk-source.ts'
import type { ChunkTable } from './chunk-table.ts'
import { sightOfFile } from './ship-chunk.ts'

/** Removes what the store has and the lists say, unless a process writes to it, it was changed, or it is still wanted. */
export async function removeShipped(table: ChunkTable, isWanted: (file: FoundFile, count: number) => boolean) {
  const recorded = table.files.filter((file) => table.stageOf(file) === 'recorded')
  for (const file of recorded) {
    const chunk = table.chunks.get(file.path)
    if (chunk === undefined || table.mayBeOpen(file) || !isSame(chunk.sight, file)) continue
    if (isWanted(file, recorded.length)) continue
    const now = await sightOfFile(file.path)
    if (now === undefined || !isSame(now, chunk.sight)) continue
    await unlink(file.path)
    table.forget(file)
  }
}

/** Whether chunks that belong before it are on their way still. */
export function hasOpenPredecessor(table: ChunkTable, { name }: FoundFile): boolean {
  const isOnItsWay = (file: FoundFile) => !['recorded', 'refused'].includes(table.stageOf(file) ?? '')
  return table.files.some((file) => compareChunkNames(file.name, name) < 0 && isOnItsWay(file))
}
