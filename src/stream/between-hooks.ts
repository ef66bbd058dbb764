import { Failure } from '../errors.ts'
import { describeBadEnd, shellCommand, startChild } from './child.ts'

/** Shell command lines of the user's. */
export interface Hooks {
  readonly before?: string | undefined
  readonly after?: string | undefined
}

export interface HookOptions {
  readonly signal: AbortSignal
  /** Told that the command after failed, where something else has failed already. */
  readonly tell: (message: string) => void
}

/**
 * Does the work between two commands, such as those that freeze a database and thaw it. If the one before fails, or the
 * signal aborts, the work is not begun. The one after runs whatever happened, and is not stopped by the signal: what was
 * frozen, half perhaps, is not left so. What they print goes to stderr. A command that fails is a Failure 'unavailable'.
 */
export async function betweenHooks<T>(hooks: Hooks, options: HookOptions, work: () => Promise<T>): Promise<T> {
  const outcome = await begin(hooks, options.signal, work).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  const lateFailure = hooks.after === undefined ? undefined : await failureOf('after', hooks.after)
  if ('error' in outcome) {
    if (lateFailure !== undefined) options.tell(lateFailure.message)
    throw outcome.error
  }
  if (lateFailure !== undefined) throw lateFailure
  return outcome.value
}

async function begin<T>({ before }: Hooks, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const failure = before === undefined ? undefined : await failureOf('before', before, signal)
  signal.throwIfAborted()
  if (failure !== undefined) throw failure
  return work()
}

/** Settles at the command's end. Rejects if it was aborted. */
async function failureOf(when: string, commandLine: string, signal?: AbortSignal): Promise<Failure | undefined> {
  const argv = shellCommand(`exec >&2\n${commandLine}`)
  // Stopped with all that it has started: what went on to freeze would do so after the thaw.
  const stdio = { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' } as const
  const end = await startChild(argv, { ...stdio, signal, isGroup: true }).ended
  const bad = describeBadEnd(end)
  return bad === undefined ? undefined : new Failure('unavailable', `the command ${when}, '${commandLine}', ${bad}`)
}
