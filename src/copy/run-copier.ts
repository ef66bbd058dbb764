import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../errors.ts'
import { type ChildEnd, startChild } from '../stream/child.ts'
import { boundArgv, isProgramMissing } from './bound-argv.ts'
import { type LineEnd, nameGroups } from './listed-entries.ts'

export interface CopierRun {
  readonly argv: readonly string[]
  /** What it reads on stdin: a list of names. */
  readonly input: Readable
  /** What stands behind each line of its stdout; a line feed if not given. */
  readonly lineEnd?: LineEnd
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
export async function runCopier(run: CopierRun): Promise<CopierEnd> {
  const { argv, input, lineEnd = '\n', onLine, onStderr, signal } = run
  let inputError: Error | undefined
  input.once('error', (error) => {
    inputError ??= error
  })
  const child = startChild(await boundArgv(argv), {
    stdin: 'pipe',
    stdout: 'gathered',
    stderr: 'keep',
    onStderr,
    signal,
  })
  // A program that ends early leaves its list unread: its status tells why.
  const fed = pipeline(input, child.stdin).then(
    () => true,
    () => false,
  )
  try {
    for await (const lines of nameGroups(child.stdout, lineEnd)) for (const line of lines) onLine(line)
  } catch (error) {
    // Its end tells more: that it was stopped, for one.
    await child.ended
    throw error
  }
  const end = await child.ended
  const isCut = isListCut(inputError)
  input.destroy()
  const wasFed = await fed
  if (isCut) throw new Failure('io', 'a list of names cannot be read', { cause: inputError })
  if ('status' in end && end.status === 127 && isProgramMissing(child.stderrTail())) {
    throw new Failure('unavailable', `${argv[0]}: no such program`, { hint: `install ${argv[0]}` })
  }
  if (!wasFed && 'status' in end && end.status === 0) {
    throw new Failure('io', `${argv[0]} did not read its list of names to the end`)
  }
  return { end, said: child.stderrTail() }
}

/** With a list that ends too early all would seem well. A closed pipe is the program's affair. */
function isListCut(error: Error | undefined): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return error !== undefined && code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'ECONNRESET'
}
