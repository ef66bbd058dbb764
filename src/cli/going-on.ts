import type { Failure } from '../errors.ts'
import { asFailure } from './system-failure.ts'
import type { Terminal } from './terminal.ts'

/** Steps of which each is tried, although one before it failed. */
export interface GoingOn {
  /** Gives what the work does, or undefined after a Failure or what the system refuses, which is noted. All else is thrown. */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>
  note(failure: Failure): void
  /** Throws the last failure, if there was one: whoever ends the program says it, as those before it were said. */
  end(): void
}

export function goOnAfterFailures(terminal: Pick<Terminal, 'say' | 'hint'>): GoingOn {
  let last: Failure | undefined
  const note = (failure: Failure) => {
    if (last !== undefined) terminal.say(last.message)
    if (last?.hint !== undefined) terminal.hint(last.hint)
    last = failure
  }
  return {
    note,
    async attempt(work) {
      try {
        return await work()
      } catch (error) {
        note(failureOf(error))
        return undefined
      }
    },
    end() {
      if (last !== undefined) throw last
    },
  }
}

/** In our words, what the user can do something about. Throws what is a bug. */
export function failureOf(error: unknown): Failure {
  const failure = asFailure(error)
  if (failure === undefined) throw error
  return failure
}
