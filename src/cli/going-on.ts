import { Failure } from '../errors.ts'
import type { Terminal } from './terminal.ts'

/** Steps of which each is tried, although one before it failed. */
export interface GoingOn {
  /** Gives what the work does, or undefined after a Failure, which is said. All else is thrown. */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>
  /** Throws the last failure, if there was one: it is said by whoever ends the program, and gives the exit status. */
  end(): void
}

export function goOnAfterFailures(terminal: Pick<Terminal, 'say' | 'hint'>): GoingOn {
  let last: Failure | undefined
  return {
    async attempt(work) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        if (last !== undefined) terminal.say(last.message)
        if (last?.hint !== undefined) terminal.hint(last.hint)
        last = error
        return undefined
      }
    },
    end() {
      if (last !== undefined) throw last
    },
  }
}
