import { unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Chunk, isReady, isSame, observeChunk, startShipping, waitAfterFailure } from './chunk-life.ts'
import { compareChunkNames } from './chunk-name.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import type { ManifestChunk } from './manifest.ts'
import type { ManifestFile } from './manifest-file.ts'
import { fileKey, findOpenFiles, isAlive, type OpenFiles, type Writer, whoMayWrite } from './open-files.ts'
import { shipChunk, sightOfFile } from './ship-chunk.ts'
import type { WatchOptions } from './watch-options.ts'
import { backlogOf, type WatchTally } from './watch-tally.ts'

const lookEveryMs = 250
const pauseMs = 20
const idleMs = 60_000

/** Ships chunks as they become complete; see `run`. */
export class ChunkWatch {
  readonly tally: WatchTally = {
    waiting: 0,
    settling: 0,
    shipping: 0,
    done: 0,
    doneBytes: 0,
    backlogBytes: 0,
    oldestMs: 0,
  }
  readonly #source: ChunkSource
  readonly #store: Store
  readonly #manifest: ManifestFile
  readonly #options: WatchOptions
  readonly #chunks = new Map<string, Chunk>()
  readonly #running = new Set<Promise<void>>()
  readonly #writers = new Map<string, Writer>()
  #files: readonly FoundFile[] = []
  #heldBytes = 0
  #failure: Failure | undefined
  #end: unknown
  #hasHidden = false
  #lastMoveMs = performance.now()
  #hasNews = false
  #wake = () => {
    this.#hasNews = true
  }

  constructor(source: ChunkSource, store: Store, manifest: ManifestFile, options: WatchOptions) {
    this.#source = source
    this.#store = store
    this.#manifest = manifest
    this.#options = options
  }

  /**
   * Works until what was asked for is reached, or until stopped: then what is being shipped is finished. Throws the first
   * failure of a chunk that was given up, and 'data' if the stream was to be whole and its writer has gone.
   */
  async run(): Promise<void> {
    const { signal } = this.#options
    this.#source.onChange(() => this.#wake())
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    try {
      while (!signal.aborted && !(await this.#step())) await this.#pause()
    } finally {
      await Promise.all(this.#running)
      await this.#source.close()
    }
    if (this.#end !== undefined) throw this.#end
    if (this.#failure !== undefined) throw this.#failure
  }

  /** True when there is nothing more to do. */
  async #step(): Promise<boolean> {
    if (this.#end !== undefined) return true
    const hasEnded = this.#source.hasEnded
    this.#files = await this.#source.look()
    const open = await this.#openFiles()
    const nowMs = performance.now()
    this.#observe(open, nowMs)
    await this.#checkStream()
    await this.#removeRecorded(open)
    this.#startReady(open, nowMs)
    Object.assign(this.tally, backlogOf(this.#files, this.#chunks))
    return this.#isOver(open, hasEnded)
  }

  async #openFiles(): Promise<OpenFiles> {
    if (this.#files.length === 0) return { writers: new Map(), hiddenUsers: new Set() }
    const open = await findOpenFiles()
    for (const file of this.#files) {
      for (const writer of open.writers.get(fileKey(file.device, file.inode)) ?? [])
        this.#writers.set(`${writer.pid} ${writer.startTime}`, writer)
    }
    return open
  }

  #observe(open: OpenFiles, nowMs: number): void {
    const seen = new Set<string>()
    for (const file of this.#files) {
      seen.add(file.path)
      const before = this.#chunks.get(file.path)
      const after = observeChunk(before, { ...file, isOpen: this.#mayBeOpen(file, open) }, nowMs)
      if (after !== before) this.#lastMoveMs = nowMs
      this.#chunks.set(file.path, after)
    }
    for (const [path, { stage }] of this.#chunks) if (!seen.has(path) && stage !== 'shipping') this.#chunks.delete(path)
  }

  #mayBeOpen(file: FoundFile, open: OpenFiles): boolean {
    const who = whoMayWrite(file, open, this.#options.groupId)
    if (who === 'hidden' && !this.#hasHidden) {
      this.#hasHidden = true
      const message = `${file.path}: waits, since processes of other users may write to it and cannot be seen`
      this.#options.onTrouble(message, 'run it as root')
    }
    return who !== 'nobody'
  }

  /** Lets the stream be looked through while its chunks are here still. */
  async #checkStream(): Promise<void> {
    const { streamCheck } = this.#options
    if (streamCheck === undefined || streamCheck.isDone || this.#manifest.end !== undefined) return
    const recorded = new Map<string, string>()
    for (const { path, name } of this.#files) if (this.#chunks.get(path)?.stage === 'recorded') recorded.set(name, path)
    if (recorded.size === 0 && this.#options.until !== 'end') return
    const stored = new Set(this.#manifest.chunks.keys())
    await streamCheck.advance(this.#allNames(), recorded, stored)
  }

  #allNames(): Set<string> {
    return new Set([...this.#manifest.chunks.keys(), ...this.#files.map(({ name }) => name)])
  }

  /** Removes what the store has, unless a process writes to it or it was changed. */
  async #removeRecorded(open: OpenFiles): Promise<void> {
    const recorded = this.#files.filter(({ path }) => this.#chunks.get(path)?.stage === 'recorded')
    for (const file of recorded) {
      const chunk = this.#chunks.get(file.path)
      if (chunk === undefined || this.#mayBeOpen(file, open) || !isSame(chunk.sight, file)) continue
      if (this.#isKept(file, recorded.length)) continue
      const now = await sightOfFile(file.path)
      if (now === undefined || !isSame(now, chunk.sight)) continue
      await unlink(file.path)
      this.#chunks.delete(file.path)
      this.#files = this.#files.filter(({ path }) => path !== file.path)
    }
  }

  /** Where chunks before it are on their way still, it lies here a while: to be looked through, and not fetched for that. */
  #isKept({ name }: FoundFile, recordedCount: number): boolean {
    const { streamCheck, jobs } = this.#options
    if (streamCheck === undefined || streamCheck.isDone || streamCheck.hasSeen(name)) return false
    if (this.#manifest.end !== undefined || recordedCount > 2 * jobs) return false
    const isOnItsWay = ({ path }: FoundFile) => !['recorded', 'refused'].includes(this.#chunks.get(path)?.stage ?? '')
    return this.#files.some((file) => compareChunkNames(file.name, name) < 0 && isOnItsWay(file))
  }

  #startReady(open: OpenFiles, nowMs: number): void {
    for (const file of this.#files) {
      const chunk = this.#chunks.get(file.path)
      if (chunk === undefined || this.#running.size >= this.#options.jobs) continue
      if (!isReady(chunk, { ...file, isOpen: this.#mayBeOpen(file, open) }, nowMs, this.#options.settleMs)) continue
      const bytes = Math.min(file.size, 2 * this.#store.partBytes(1))
      if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#options.memoryBytes) continue
      this.#heldBytes += bytes
      const shipping = this.#ship(file, startShipping(chunk)).finally(() => {
        this.#heldBytes -= bytes
        this.#running.delete(shipping)
        this.#wake()
      })
      this.#running.add(shipping)
    }
  }

  /** Never rejects. */
  async #ship(file: FoundFile, chunk: Chunk): Promise<void> {
    const { keyOf, checks } = this.#options
    this.#chunks.set(file.path, chunk)
    try {
      const proof = await shipChunk(this.#store, keyOf(file.name), file.path, {
        name: file.name,
        sight: chunk.sight,
        checks: checks(),
      })
      const isNew = await this.#manifest.record(proof)
      this.#chunks.set(file.path, { stage: 'recorded', sight: chunk.sight })
      if (!isNew) return
      this.tally.done += 1
      this.tally.doneBytes += proof.size
      this.#tell(proof)
    } catch (error) {
      this.#fail(file, chunk, error)
    }
    this.#lastMoveMs = performance.now()
  }

  /** Whoever cannot be told any more ends the work: nothing of a chunk has failed. */
  #tell(proof: ManifestChunk): void {
    try {
      this.#options.onProven(proof)
    } catch (error) {
      this.#end ??= error
    }
  }

  #fail(file: FoundFile, chunk: Chunk, error: unknown): void {
    const { retries, until, onTrouble } = this.#options
    const isSystems = error instanceof Error && 'syscall' in error
    if (!(error instanceof Failure) && !isSystems) {
      this.#end ??= error
      this.#chunks.set(file.path, { stage: 'refused', sight: chunk.sight })
      return
    }
    const failure =
      error instanceof Failure ? error : new Failure('io', `${file.path}: ${error.message}`, { cause: error })
    const isFinal = ['exists', 'usage'].includes(failure.kind)
    const isHopeless = until !== 'stopped' && ['permission', 'configuration'].includes(failure.kind)
    const tries = 'tries' in chunk ? chunk.tries : 1
    const isGivenUp = isFinal || isHopeless || tries > retries
    if (isGivenUp) this.#failure ??= failure
    onTrouble(failure.message, isGivenUp ? failure.hint : undefined)
    this.#chunks.set(
      file.path,
      isGivenUp ? { stage: 'refused', sight: chunk.sight } : waitAfterFailure(chunk, performance.now(), Math.random()),
    )
  }

  async #isOver(open: OpenFiles, hasEnded: boolean): Promise<boolean> {
    const { until } = this.#options
    const isIdle = this.#running.size === 0 && !this.#files.some((file) => this.#isAwaited(file, open))
    if (!isIdle) return false
    if (!this.#files.some((file) => this.#mayBeOpen(file, open))) await this.#setEnd(hasEnded)
    if (until === 'once' || hasEnded) {
      if (until === 'end' && this.#manifest.end === undefined && this.#failure === undefined) throw this.#notWhole()
      return true
    }
    if (until !== 'end') return false
    if (this.#manifest.end !== undefined || this.#failure !== undefined) return true
    if (this.#files.length === 0 && (await this.#writerHasGone())) throw this.#notWhole()
    return false
  }

  #isAwaited(file: FoundFile, open: OpenFiles): boolean {
    const chunk = this.#chunks.get(file.path)
    return chunk !== undefined && chunk.stage !== 'refused' && !this.#mayBeOpen(file, open)
  }

  async #setEnd(hasEnded: boolean): Promise<void> {
    const { count, endsWithSource, streamCheck } = this.#options
    const { chunks, end } = this.#manifest
    if (end !== undefined || chunks.size === 0 || this.#failure !== undefined) return
    const size = [...chunks.values()].reduce((sum, chunk) => sum + chunk.size, 0)
    const opinion = streamCheck?.opinion
    const stream = opinion?.stream
    const isSeen = [...chunks.keys()].every((name) => streamCheck?.hasSeen(name))
    if (count !== undefined) {
      if (chunks.size === count) await this.#manifest.finish({ end: 'count', chunks: chunks.size, size, stream })
    } else if (opinion?.state === 'whole' && isSeen) {
      await this.#manifest.finish({ end: 'zfs', chunks: chunks.size, size, stream })
    } else if (endsWithSource && hasEnded && (opinion === undefined || opinion.state === 'plain')) {
      await this.#manifest.finish({ end: 'eof', chunks: chunks.size, size })
    }
  }

  /** Those that were seen have ended; where none was seen, a minute has passed without anything new. */
  async #writerHasGone(): Promise<boolean> {
    const quietMs = performance.now() - this.#lastMoveMs
    if (this.#manifest.chunks.size === 0 || quietMs < this.#options.settleMs) return false
    if (this.#writers.size === 0) return quietMs >= idleMs
    for (const writer of this.#writers.values()) if (await isAlive(writer)) return false
    return true
  }

  #notWhole(): Failure {
    const { count, streamCheck } = this.#options
    const { size } = this.#manifest.chunks
    const why =
      count === undefined ? (streamCheck?.opinion.reason ?? 'nothing tells its end') : `${count} chunks were expected`
    return new Failure('data', `the writer has gone and the stream is not whole after ${size} chunks: ${why}`)
  }

  /** Until something happens, or it is time to look again; events come in flocks. */
  async #pause(): Promise<void> {
    const note = this.#wake
    if (!this.#hasNews) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookEveryMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = note
    await sleep(pauseMs)
    this.#hasNews = false
  }
}
