import type { Failure } from '../errors.ts'
import { worstFirst } from './exit-status.ts'
import { asFailure } from './system-failure.ts'
import type { Terminal } from './terminal.ts'

/** Steps of which each is tried, although one before it failed. */
export interface GoingOn {
  /** Gives what the work does, or undefined after a Failure or what the system refuses, which is noted. All else is thrown. */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>
  note(failure: Failure): void
  /** Throws the worst failure, if there was one: whoever ends the program says it, as the others were said. */
  end(): void
}

export function goOnAfterFailures(terminal: Pick<Terminal, 'say' | 'hint'>): GoingOn {
  let thrown: Failure | undefined
  const say = (failure: Failure | undefined) => {
    if (failure !== undefined) terminal.say(failure.message)
    if (failure?.hint !== undefined) terminal.hint(failure.hint)
  }
  const note = (failure: Failure) => {
    const isThrown = thrown === undefined || rankOf(failure) <= rankOf(thrown)
    say(isThrown ? thrown : failure)
    if (isThrown) thrown = failure
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
      if (thrown !== undefined) throw thrown
    },
  }
}

/** In our words, what the user can do something about. Throws what is a bug. */
export function failureOf(error: unknown): Failure {
  const failure = asFailure(error)
  if (failure === undefined) throw error
  return failure
}

function rankOf({ kind }: Failure): number {
  return worstFirst.indexOf(kind)
}
