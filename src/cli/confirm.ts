import { once } from 'node:events'
import { openSync } from 'node:fs'
import { isatty, ReadStream } from 'node:tty'
import { Failure } from '../errors.ts'
import { writeDiagnostic } from './messages.ts'

/**
 * Asks whoever sits at the terminal, and resolves if the answer is yes. Throws 'usage' if there is nobody to ask, or if
 * the answer is anything else; rejects with the signal's reason after an abort.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<void> {
  const terminal = openTerminalInput()
  if (terminal === undefined) {
    throw new Failure('usage', `${question} there is no terminal to ask at`, { hint: 'with --yes, nothing is asked' })
  }
  try {
    writeDiagnostic(`${question} [y/N] `)
    const answer = await Promise.race([once(terminal, 'data', { signal }), once(terminal, 'end', { signal })])
    if (!/^\s*y(es)?\s*$/i.test(String(answer[0] ?? ''))) {
      throw new Failure('usage', 'not confirmed, nothing was done', { hint: 'y is yes' })
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    terminal.destroy()
  }
}

/** Standard input may be names. A question that goes to a file is seen by nobody. */
function openTerminalInput(): ReadStream | undefined {
  if (!isatty(2)) return undefined
  try {
    return new ReadStream(isatty(0) ? 0 : openSync('/dev/tty', 'r'))
  } catch {
    return undefined
  }
}
