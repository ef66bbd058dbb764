import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ChildEnd, startChild } from '../stream/child.ts'
import { namesIn } from './listed-entries.ts'

export interface CopierRun {
  readonly argv: readonly string[]
  /** What it reads on stdin: a list of names. */
  readonly input: Readable
  /** Told of each line of its stdout (bytes as latin1), and of what it says on stderr. */
  onLine(line: string): void
  onStderr(bytes: Uint8Array): void
  readonly signal: AbortSignal
}

export interface CopierEnd {
  readonly end: ChildEnd
  /** The last of what it said on stderr. */
  readonly said: string
}

/** Runs a copying program to its end, whatever end that is. Throws only if it cannot be started, or when aborted. */
export async function runCopier({ argv, input, onLine, onStderr, signal }: CopierRun): Promise<CopierEnd> {
  const child = startChild(argv, { stdin: 'pipe', stdout: 'pipe', stderr: 'keep', onStderr, signal })
  // A program that ends early leaves its list unread: its status tells why.
  const fed = pipeline(input, child.stdin).catch(() => {})
  try {
    for await (const line of namesIn(child.stdout, '\n')) onLine(line)
  } catch (error) {
    // Its end tells more: that it was stopped, for one.
    await child.ended
    throw error
  }
  const end = await child.ended
  input.destroy()
  await fed
  return { end, said: child.stderrTail() }
}
