import { Failure } from '../errors.ts'
import { compareChunkNames, gapIn } from './chunk-name.ts'
import type { FoundFile } from './chunk-source.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { ManifestEnd, StreamName } from './manifest.ts'
import type { ManifestFile } from './manifest-file.ts'
import { isAlive, type OpenFiles, type Writer, writersOf } from './open-files.ts'
import type { WatchOptions } from './watch-options.ts'

const idleMs = 60_000

/** Finds out whether the stream is whole, and whether anybody still writes it. */
export class StreamEnd {
  readonly #table: ChunkTable
  readonly #manifest: ManifestFile
  readonly #options: WatchOptions
  readonly #writers = new Map<string, Writer>()
  #isNothingTold = false

  constructor(table: ChunkTable, manifest: ManifestFile, options: WatchOptions) {
    this.#table = table
    this.#manifest = manifest
    this.#options = options
  }

  /** Remembers who writes. */
  observe(files: readonly FoundFile[], open: OpenFiles): void {
    for (const file of files) {
      for (const writer of writersOf(file, open)) this.#writers.set(`${writer.pid} ${writer.startTime}`, writer)
    }
  }

  /** Lets the stream be looked through while its chunks are here still. */
  async lookThrough(): Promise<void> {
    const { streamCheck, until } = this.#options
    if (streamCheck === undefined || streamCheck.isDone || this.#manifest.end !== undefined) return
    const { files } = this.#table
    const recorded = new Map<string, string>()
    for (const file of files) if (this.#table.stageOf(file) === 'recorded') recorded.set(file.name, file.path)
    if (recorded.size === 0 && until !== 'end') return
    const { chunks } = this.#manifest
    const notStored = files.flatMap(({ name }) => (chunks.has(name) ? [] : [name]))
    await streamCheck.advance([...chunks.keys(), ...notStored], recorded, chunks)
  }

  /**
   * Tells which files are wanted though they are stored: where chunks before one are on their way still, it lies here a
   * while, to be looked through and not fetched for that. With --once, one that somebody writes to is not waited for.
   */
  wanted(): (file: FoundFile) => boolean {
    const { streamCheck, jobs, until } = this.#options
    if (streamCheck === undefined || streamCheck.isDone || this.#manifest.end !== undefined) return () => false
    const isOnItsWay = (file: FoundFile) =>
      !['recorded', 'refused'].includes(this.#table.stageOf(file) ?? '') &&
      !(until === 'once' && this.#table.mayBeOpen(file))
    const recordedCount = this.#table.files.filter((file) => this.#table.stageOf(file) === 'recorded').length
    if (recordedCount > 2 * jobs) return () => false
    let first: string | undefined
    for (const file of this.#table.files.filter(isOnItsWay)) {
      if (first === undefined || compareChunkNames(file.name, first) < 0) first = file.name
    }
    return ({ name }) => first !== undefined && compareChunkNames(first, name) < 0 && !streamCheck.hasSeen(name)
  }

  /** Records END if the stream is known to be whole. Throws 'data' if it never will be, and whoever waits for it is to know. */
  async record(hasSourceEnded: boolean): Promise<void> {
    const { count, cut, streamCheck } = this.#options
    const { chunks, end } = this.#manifest
    if (end !== undefined || chunks.size === 0) return
    // Whatever its bytes say: more may come, or may have been lost.
    if (cut !== undefined && !(hasSourceEnded && cut.isWhole && this.#foreign === undefined)) return
    const opinion = streamCheck?.opinion
    const stream = opinion?.stream
    if (count !== undefined) {
      if (chunks.size === count && this.#gap === undefined) await this.#finishCounted(stream)
    } else if (opinion?.state === 'whole' && this.#isSeen) {
      await this.#finish('zfs', stream)
    } else if (cut !== undefined && (opinion === undefined || opinion.state === 'plain')) {
      await this.#finish('eof')
    }
  }

  async #finishCounted(stream?: StreamName): Promise<void> {
    if (this.#brokenZfs === undefined) await this.#finish('count', stream)
    else if (this.#options.until === 'end') throw this.notWhole()
  }

  async #finish(end: ManifestEnd['end'], stream?: StreamName): Promise<void> {
    const { chunks } = this.#manifest
    let size = 0
    for (const chunk of chunks.values()) size += chunk.size
    await this.#manifest.finish({ end, chunks: chunks.size, size, stream })
  }

  /** Those that were seen have ended; where none was seen, a minute has passed without anything new. */
  async hasWriterGone(): Promise<boolean> {
    const quietMs = performance.now() - this.#table.lastMoveMs
    if (this.#manifest.chunks.size === 0 || quietMs < this.#options.settleMs) return false
    if (this.#writers.size === 0) return quietMs >= idleMs
    for (const writer of this.#writers.values()) if (await isAlive(writer)) return false
    return true
  }

  /** Once: it may be that nobody writes, or elsewhere. A writer may also begin tomorrow. */
  tellOfNothing(): void {
    if (this.#isNothingTold || this.#manifest.chunks.size > 0 || this.#options.cut !== undefined) return
    if (performance.now() - this.#table.lastMoveMs < idleMs) return
    this.#isNothingTold = true
    const hint = 'is it here that they are written? timeout(1) ends the wait'
    this.#options.onTrouble('no chunk has come for 60 s, and the first is waited for', hint)
  }

  notWhole(): Failure {
    const { size } = this.#manifest.chunks
    return new Failure('data', `the writer has gone and the stream is not whole after ${size} chunks: ${this.#flaw}`)
  }

  get #flaw(): string {
    const { count, streamCheck } = this.#options
    if (this.#foreign !== undefined) return `${this.#foreign} was there before, and is no chunk of it`
    if (count !== undefined) {
      const isCounted = this.#manifest.chunks.size === count
      return this.#gap ?? (isCounted ? this.#brokenZfs : undefined) ?? `${count} chunks were expected`
    }
    return streamCheck?.opinion.reason ?? 'nothing tells its end'
  }

  get #gap(): string | undefined {
    return gapIn([...this.#manifest.chunks.keys()].sort(compareChunkNames))
  }

  /** Why a ZFS stream is none that zfs receive would take, however many chunks there are of it. */
  get #brokenZfs(): string | undefined {
    const opinion = this.#options.streamCheck?.opinion
    if (opinion?.state === 'damaged') return opinion.reason
    return opinion?.state === 'open' && opinion.stream !== undefined && this.#isSeen ? opinion.reason : undefined
  }

  /** Whether all chunks have been looked through. */
  get #isSeen(): boolean {
    return [...this.#manifest.chunks.keys()].every((name) => this.#options.streamCheck?.hasSeen(name))
  }

  /** A chunk that did not come from the stream that is cut here. */
  get #foreign(): string | undefined {
    const { cut } = this.#options
    return cut === undefined ? undefined : [...this.#manifest.chunks.keys()].find((name) => !cut.names.has(name))
  }
}
