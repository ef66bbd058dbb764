import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../store/store.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { ChunkTable } from './chunk-table.ts'
import { LookCost } from './look-cost.ts'
import type { ManifestFile } from './manifest-file.ts'
import { findOpenFiles, nobodyWrites, type OpenFiles } from './open-files.ts'
import { removeShipped } from './remove-shipped.ts'
import { restAfterLook } from './rest-after-look.ts'
import { Shipping } from './shipping.ts'
import { StreamEnd } from './stream-end.ts'
import type { WatchOptions } from './watch-options.ts'
import { backlogOf, emptyTally, type WatchTally } from './watch-tally.ts'

const lookEveryMs = 250

/** Ships chunks as they become complete; see `run`. */
export class ChunkWatch {
  readonly tally: WatchTally = emptyTally()
  readonly #source: ChunkSource
  readonly #manifest: ManifestFile
  readonly #options: WatchOptions
  readonly #table: ChunkTable
  readonly #shipping: Shipping
  readonly #end: StreamEnd
  readonly #lookCost = new LookCost()
  /** What the last look cost. */
  #lookMs = 0
  #hasNews = false
  #isFlawTold = false
  #wake = () => {
    this.#hasNews = true
  }

  constructor(source: ChunkSource, store: Store, manifest: ManifestFile, options: WatchOptions) {
    this.#source = source
    this.#manifest = manifest
    this.#options = options
    const table = new ChunkTable(options.viewer, ({ path }) => {
      const message = `${path}: waits, since processes of other users may write to it and cannot be seen`
      options.onTrouble(message, 'run it as root')
    })
    this.#table = table
    this.#end = new StreamEnd(table, manifest, options)
    this.#shipping = new Shipping({ table, store, manifest, options, tally: this.tally, onDone: () => this.#wake() })
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
      while (!signal.aborted) {
        if (await this.#step()) break
        await this.#pause()
      }
    } finally {
      this.#options.writerPause?.end()
      await this.#shipping.settled()
      await this.#source.close()
    }
    const { end, failure } = this.#shipping
    if (end !== undefined) throw end
    if (failure !== undefined) throw failure
    if (this.#source.flaw !== undefined) throw this.#source.flaw
  }

  /** True when there is nothing more to do. */
  async #step(): Promise<boolean> {
    if (this.#shipping.end !== undefined) return true
    const hasEnded = this.#source.hasEnded
    const beganMs = performance.now()
    const isAlone = this.#shipping.count === 0
    const files = await this.#source.look()
    this.#tellFlaw()
    const open = await this.#openFiles(files)
    const nowMs = performance.now()
    this.#lookMs = this.#lookCost.of(nowMs - beganMs, files.length, isAlone)
    this.#table.observe(files, open, nowMs)
    await this.#end.lookThrough()
    await removeShipped(this.#table, this.#end.wanted())
    this.#shipping.startReady(nowMs)
    await this.#options.writerPause?.adjust(this.#table, open)
    Object.assign(this.tally, backlogOf(this.#table))
    this.tally.disk = await this.#options.lookAtDisk().catch(() => undefined)
    return this.#isOver(hasEnded)
  }

  /** Once, and at the end it is what the whole ends with. */
  #tellFlaw(): void {
    const { flaw } = this.#source
    if (this.#isFlawTold || flaw === undefined) return
    this.#isFlawTold = true
    this.#options.onTrouble(flaw.message, flaw.hint)
  }

  async #openFiles(files: readonly FoundFile[]): Promise<OpenFiles> {
    if (files.length === 0) return nobodyWrites
    const open = await findOpenFiles()
    this.#end.observe(files, open)
    return open
  }

  async #isOver(hasEnded: boolean): Promise<boolean> {
    const { until } = this.#options
    const { files } = this.#table
    if (this.#shipping.count > 0 || files.some((file) => this.#isAwaited(file))) return false
    const hasFailed = this.#shipping.failure !== undefined
    if (!hasFailed && !files.some((file) => this.#table.mayBeOpen(file))) {
      // Some may have been proven, and removed, while others were looked through.
      await this.#end.lookThrough()
      await this.#end.record(hasEnded)
    }
    const isWhole = this.#manifest.end !== undefined
    if (until === 'once' || hasEnded) {
      if (until === 'end' && !isWhole && !hasFailed) throw this.#end.notWhole()
      return true
    }
    if (until !== 'end') return false
    if (isWhole || hasFailed) return true
    if (files.length > 0) return false
    if (await this.#end.hasWriterGone()) throw this.#end.notWhole()
    this.#end.tellOfNothing()
    return false
  }

  #isAwaited(file: FoundFile): boolean {
    const stage = this.#table.stageOf(file)
    return stage !== undefined && stage !== 'refused' && !this.#table.mayBeOpen(file)
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
    await sleep(restAfterLook(this.#lookMs), undefined, { signal: this.#options.signal }).catch(() => {})
    this.#hasNews = false
  }
}
