import { Failure, type FailureKind } from '../errors.ts'
import { type Child, describeBadEnd } from './child.ts'
import type { Input } from './input.ts'
import { iteratedInput } from './iterated-input.ts'

/**
 * What a program writes, as an Input that reaches its end only if the program ended well: any other end of it is a
 * Failure of kind `onBadEnd` in place of the last bytes' count.
 */
export function programInput(child: Child, onBadEnd: FailureKind): Input {
  const stdout = iteratedInput(child.stdout)
  return {
    async fill(target) {
      const count = await stdout.fill(target).catch(async (error) => {
        await endWell(child, onBadEnd)
        throw error
      })
      if (count < target.length) await endWell(child, onBadEnd)
      return count
    },
    async close() {
      await child.stop()
    },
  }
}

/** Waits for the program's end and throws if it was a bad one. */
export async function endWell(child: Child, onBadEnd: FailureKind): Promise<void> {
  const bad = describeBadEnd(await child.ended)
  if (bad !== undefined)
    throw new Failure(onBadEnd, [`${child.name} ${bad}`, child.stderrTail()].filter(Boolean).join(': '))
}
