import type { FailureKind } from '../errors.ts'
import { startChild } from './child.ts'
import { writerTo } from './filter.ts'
import { endWell } from './program-input.ts'

export interface ProgramOutputOptions {
  /** The kind of Failure that any bad end of the program is. */
  readonly onBadEnd: FailureKind
  readonly signal: AbortSignal | undefined
}

/** A program that takes a stream. What it prints, the user sees. */
export function startProgramOutput(argv: readonly string[], { onBadEnd, signal }: ProgramOutputOptions) {
  const child = startChild(argv, { stdin: 'pipe', stdout: 'inherit', stderr: 'keep', signal })
  const writer = writerTo(child, onBadEnd)
  return {
    write: writer.write,
    /** Resolves when it has read all and ended well. */
    async end(): Promise<void> {
      await writer.end()
      await endWell(child, onBadEnd)
    },
    stop: () => child.stop(),
  }
}
