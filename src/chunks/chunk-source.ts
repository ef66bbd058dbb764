import type { Failure } from '../errors.ts'
import type { Sight } from './chunk-life.ts'

/** A file as a source shows it. Whether a process writes to it is not the source's to say. */
export interface FoundFile extends Sight {
  readonly path: string
  /** The chunk's name: the last part of the path. */
  readonly name: string
  readonly device: bigint
  readonly userId: number
  readonly groupId: number
  readonly mode: number
  /** It need not settle. */
  readonly isVouchedFor: boolean
  /** Who named it knows that nobody writes to it any more. */
  readonly isNamed: boolean
}

/** Where chunks come from: a directory, or names. */
export interface ChunkSource {
  look(): Promise<readonly FoundFile[]>
  /** No further chunk can come. */
  readonly hasEnded: boolean
  /** A file that can never be a chunk, though it was meant to be one: the first. */
  readonly flaw: Failure | undefined
  /** Calls back when a look may show something new; more often than that does no harm. */
  onChange(callback: () => void): void
  close(): Promise<void>
}
