import type { Check } from '../stream/checked-input.ts'
import type { CutChunks } from './cut-stream.ts'
import type { DiskSpace } from './disk-space.ts'
import type { ManifestChunk } from './manifest.ts'
import type { Viewer } from './open-files.ts'
import type { WriterPause } from './pause-writers.ts'
import type { StreamCheck } from './stream-check.ts'

export interface WatchOptions {
  readonly jobs: number
  readonly settleMs: number
  /** Failures of one chunk before it is given up. */
  readonly retries: number
  /** Chunks on their way together may be so large, as far as they lie in memory. One always may be. */
  readonly memoryBytes: number
  readonly until: 'stopped' | 'once' | 'end'
  /** The stream is whole when so many chunks are proven. */
  readonly count?: number | undefined
  /** A stream that is cut here is whole when that is, and all other chunks are none of it. */
  readonly cut?: CutChunks | undefined
  readonly streamCheck?: StreamCheck | undefined
  /** Of each chunk anew. */
  readonly checks: () => readonly Check[]
  readonly keyOf: (name: string) => string
  /** Asked before a file is shipped; throws where its folder cannot be one that chunks come from. */
  readonly admit: (folder: string) => Promise<void>
  /** Who we are: only what others may write to must be seen. */
  readonly viewer: Viewer
  /** Stops whoever writes more than can be shipped. */
  readonly writerPause?: WriterPause | undefined
  /** The space that there is for chunks. */
  readonly lookAtDisk: () => Promise<DiskSpace>
  readonly signal: AbortSignal
  readonly onProven: (chunk: ManifestChunk) => void
  readonly onTrouble: (message: string, hint?: string) => void
}
