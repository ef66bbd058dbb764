import { type Chunk, observeChunk } from './chunk-life.ts'
import type { FoundFile } from './chunk-source.ts'
import { nobodyWrites, type OpenFiles, type Viewer, whoMayWrite } from './open-files.ts'

/** The files of the last look, and how far each has come. */
export class ChunkTable {
  files: readonly FoundFile[] = []
  /** When anything last changed, by `performance.now()`. */
  lastMoveMs: number = performance.now()
  readonly #chunks = new Map<string, Chunk>()
  readonly #viewer: Viewer
  readonly #onHidden: (file: FoundFile) => void
  #open = nobodyWrites
  #hasHidden = false

  /** `onHidden` is told once that a file waits for processes that cannot be seen. */
  constructor(viewer: Viewer, onHidden: (file: FoundFile) => void) {
    this.#viewer = viewer
    this.#onHidden = onHidden
  }

  /** By path. */
  get chunks(): ReadonlyMap<string, Chunk> {
    return this.#chunks
  }

  stageOf({ path }: FoundFile): Chunk['stage'] | undefined {
    return this.#chunks.get(path)?.stage
  }

  set(path: string, chunk: Chunk): void {
    this.#chunks.set(path, chunk)
  }

  observe(files: readonly FoundFile[], open: OpenFiles, nowMs: number): void {
    this.files = files
    this.#open = open
    for (const file of files) {
      const before = this.#chunks.get(file.path)
      const after = observeChunk(before, file, nowMs)
      if (after === before) continue
      this.lastMoveMs = nowMs
      this.#chunks.set(file.path, after)
    }
    // All of the files are among them.
    if (this.#chunks.size === files.length) return
    const seen = new Set(files.map(({ path }) => path))
    for (const [path, { stage }] of this.#chunks) if (!seen.has(path) && stage !== 'shipping') this.#chunks.delete(path)
  }

  /** Whether some process may write to it, as the last look at all processes says, or another. */
  mayBeOpen(file: FoundFile, open: OpenFiles = this.#open): boolean {
    const who = whoMayWrite(file, open, this.#viewer)
    if (who === 'hidden' && !this.#hasHidden) {
      this.#hasHidden = true
      this.#onHidden(file)
    }
    return who !== 'nobody'
  }

  forget(gone: ReadonlySet<FoundFile>): void {
    for (const { path } of gone) this.#chunks.delete(path)
    this.files = this.files.filter((file) => !gone.has(file))
  }
}
