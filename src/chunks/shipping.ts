import { dirname } from 'node:path'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Chunk, isReady, startShipping, waitAfterFailure } from './chunk-life.ts'
import type { FoundFile } from './chunk-source.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { ManifestChunk } from './manifest.ts'
import type { ManifestFile } from './manifest-file.ts'
import { shipChunk } from './ship-chunk.ts'
import type { WatchOptions } from './watch-options.ts'
import type { WatchTally } from './watch-tally.ts'

/** What it works on, and for. */
export interface ShippingPlace {
  readonly table: ChunkTable
  readonly store: Store
  readonly manifest: ManifestFile
  readonly tally: WatchTally
  readonly options: WatchOptions
  /** Called when all that was on its way has come to an end, good or bad. */
  readonly onDone: () => void
}

/** Ships many chunks at once; the failure of one holds up no other. */
export class Shipping {
  /** The first failure of a chunk that was given up. */
  failure: Failure | undefined
  /** What ends all work: a bug, or nobody who could be told any more. */
  end: unknown
  readonly #place: ShippingPlace
  readonly #running = new Set<Promise<void>>()
  /** Buffers that chunks have left for those after them. */
  readonly #spareBuffers: Uint8Array[] = []
  /** Of what is on its way. Files of one name may come from many directories; their key is one. */
  readonly #names = new Set<string>()
  /** The next is at the end. */
  #queue: FoundFile[] = []
  #heldBytes = 0

  constructor(place: ShippingPlace) {
    this.#place = place
  }

  get count(): number {
    return this.#running.size
  }

  /** Resolves when all that is on its way has come to its end. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Lines up what is ready; as one comes to its end, the next begins. Whoever looks again lines up anew. */
  startReady(nowMs: number): void {
    this.#queue = this.#place.table.files.filter((file) => this.#readyChunk(file, nowMs) !== undefined).reverse()
    this.#startNext()
  }

  /** As the last look at all processes says, and at the files. */
  #readyChunk(file: FoundFile, nowMs: number): Chunk | undefined {
    const { table, options } = this.#place
    const chunk = table.chunks.get(file.path)
    if (chunk === undefined || !isReady(chunk, file, nowMs, options.settleMs)) return undefined
    return table.mayBeOpen(file) ? undefined : chunk
  }

  #startNext(): void {
    const { store, options } = this.#place
    while (this.#running.size < options.jobs && !options.signal.aborted && this.end === undefined) {
      const file = this.#queue.at(-1)
      if (file === undefined) return
      const bytes = Math.min(file.size, 2 * store.partBytes(1))
      if (this.#heldBytes > 0 && this.#heldBytes + bytes > options.memoryBytes) return
      this.#queue.pop()
      // A look that came since may have seen it change.
      const chunk = this.#readyChunk(file, performance.now())
      if (chunk !== undefined && !this.#names.has(file.name)) this.#start(file, startShipping(chunk), bytes)
    }
  }

  #start(file: FoundFile, chunk: Chunk, bytes: number): void {
    this.#heldBytes += bytes
    this.#names.add(file.name)
    const shipping = this.#ship(file, chunk).finally(() => {
      this.#heldBytes -= bytes
      this.#names.delete(file.name)
      this.#running.delete(shipping)
      this.#startNext()
      // Else the next look is soon enough.
      if (this.#running.size === 0) this.#place.onDone()
    })
    this.#running.add(shipping)
  }

  /** Never rejects. */
  async #ship(file: FoundFile, chunk: Chunk): Promise<void> {
    const { table, store, manifest, tally, options } = this.#place
    table.set(file.path, chunk)
    try {
      await options.admit(dirname(file.path))
      const proof = await shipChunk(store, options.keyOf(file.name), file.path, {
        name: file.name,
        sight: chunk.sight,
        checks: options.checks(),
        spareBuffers: this.#spareBuffers,
      })
      const isNew = await manifest.record(proof)
      table.set(file.path, { stage: 'recorded', sight: chunk.sight })
      if (!isNew) return
      tally.done += 1
      tally.doneBytes += proof.size
      this.#tell(proof)
    } catch (error) {
      this.#fail(file, chunk, error)
    }
    table.lastMoveMs = performance.now()
  }

  /** Whoever cannot be told any more ends the work: nothing of a chunk has failed. */
  #tell(proof: ManifestChunk): void {
    try {
      this.#place.options.onProven(proof)
    } catch (error) {
      this.end ??= error
    }
  }

  #fail(file: FoundFile, chunk: Chunk, error: unknown): void {
    const { table, tally, options } = this.#place
    tally.failures += 1
    const failure = failureOf(file, error)
    if (failure === undefined) this.end ??= error
    const isGivenUp = failure === undefined || this.#isHopeless(failure, chunk)
    table.set(
      file.path,
      isGivenUp ? { stage: 'refused', sight: chunk.sight } : waitAfterFailure(chunk, performance.now(), Math.random()),
    )
    if (failure === undefined) return
    if (isGivenUp) this.failure ??= failure
    options.onTrouble(failure.message, isGivenUp ? failure.hint : undefined)
  }

  #isHopeless({ kind }: Failure, chunk: Chunk): boolean {
    const { until, retries } = this.#place.options
    if (['exists', 'usage'].includes(kind)) return true
    // Keys and rights may be mended while a daemon runs.
    if (until !== 'stopped' && ['permission', 'configuration'].includes(kind)) return true
    return ('tries' in chunk ? chunk.tries : 1) > retries
  }
}

/** Undefined if it is a bug. */
function failureOf({ path }: FoundFile, error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (!(error instanceof Error && 'syscall' in error)) return undefined
  const message = `${path}: ${error.message}`
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EMFILE') return new Failure('io', message, { cause: error })
  return new Failure('retry', message, {
    hint: 'raise the limit of open files (ulimit -n), or lower --jobs',
    cause: error,
  })
}
