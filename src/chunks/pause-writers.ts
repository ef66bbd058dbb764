import { dirname } from 'node:path'
import type { Chunk } from './chunk-life.ts'
import type { ChunkTable } from './chunk-table.ts'
import { nameOfProcess, type OpenFiles, stateOfProcess, type Writer } from './open-files.ts'

/** What stops processes and lets them go on, whatever ends us. */
export interface Pauses {
  readonly count: number
  pause(pid: number): void
  resumeAll(): void
}

export interface PauseOptions {
  /** Of complete chunks that are not stored: at so many bytes writers are stopped. */
  readonly maxBacklogBytes: number
  /** Where chunks are written, without symbolic links. */
  readonly folder: string
  readonly pauses: Pauses
  /** Our own id: we are no writer to be stopped. */
  readonly ownPid: number
  readonly signal: AbortSignal
  readonly tell: (message: string) => void
}

// They go on when a quarter has been shipped, not at each chunk.
const resumeShare = 0.75

/** Stops the processes that write chunks while too many wait to be shipped. */
export class WriterPause {
  readonly #options: PauseOptions
  readonly #refused = new Set<number>()

  constructor(options: PauseOptions) {
    this.#options = options
    options.signal.addEventListener('abort', () => this.end(), { once: true })
  }

  /** After a look at the files. What is still being written does not count: it could not be shipped while its writer is stopped. */
  async adjust(table: ChunkTable, open: OpenFiles): Promise<void> {
    const { maxBacklogBytes, folder, pauses, signal } = this.#options
    const waiting = table.files.filter((file) => isAwaited(table.stageOf(file)) && !table.mayBeOpen(file))
    const bytes = waiting.reduce((sum, { size }) => sum + size, 0)
    if (pauses.count > 0) {
      if (bytes < resumeShare * maxBacklogBytes) this.end()
    } else if (bytes >= maxBacklogBytes && !signal.aborted) {
      for (const writer of writersIn(folder, open)) await this.#pause(writer, bytes)
    }
  }

  /** Lets all go on. */
  end(): void {
    const { pauses, tell } = this.#options
    if (pauses.count === 0) return
    pauses.resumeAll()
    tell('writers go on')
  }

  async #pause({ pid, startTime }: Writer, bytes: number): Promise<void> {
    const { pauses, ownPid, signal, tell } = this.#options
    const state = await stateOfProcess(pid, startTime)
    // Who is stopped already was stopped by somebody else, who will know when it may go on.
    if (pid === ownPid || state === undefined || state === 'T' || signal.aborted) return
    const who = `process ${pid} (${await nameOfProcess(pid)})`
    if (signal.aborted) return
    try {
      pauses.pause(pid)
      tell(`${who} is stopped: ${bytes} bytes wait to be shipped; kill -CONT ${pid} if chunkwatch is killed`)
    } catch (error) {
      if (!this.#refused.has(pid)) tell(`${who} cannot be stopped: ${(error as Error).message}`)
      this.#refused.add(pid)
    }
  }
}

/** What was given up stays where it is: a writer would wait for it for ever. */
function isAwaited(stage: Chunk['stage'] | undefined): boolean {
  return stage !== 'recorded' && stage !== 'refused'
}

/** By the folder, not by the files that were seen there: a fast writer is at the next before all processes are looked at. */
function writersIn(folder: string, { writers }: OpenFiles): readonly Writer[] {
  const all = [...writers.values()].flat().filter(({ path }) => dirname(path) === folder)
  return [...new Map(all.map((writer) => [writer.pid, writer])).values()]
}
