import { Failure, type FailureKind } from '../errors.ts'
import { type Child, type ChildEnd, describeBadEnd } from './child.ts'
import type { Input } from './input.ts'

/** The kind of Failure that a bad end is. `killed`: somebody stopped the program, or the kernel for want of memory. */
export type BadEnd = FailureKind | { readonly status: FailureKind; readonly killed: FailureKind }

/**
 * What a program writes, as an Input that reaches its end only if the program ended well: any other end of it is a
 * Failure of kind `onBadEnd` in place of the last bytes' count.
 */
export function programInput(child: Child, onBadEnd: BadEnd): Input {
  const stdout = child.output()
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
export async function endWell(child: Child, onBadEnd: BadEnd): Promise<void> {
  const end = await child.ended
  const bad = describeBadEnd(end)
  if (bad === undefined) return
  const said = child
    .stderrTail()
    .split(/\s*\n\s*/)
    .join('; ')
  throw new Failure(kindOf(end, onBadEnd), [`${child.name} ${bad}`, said].filter(Boolean).join(': '))
}

// By these a program ends itself, which may be for what it was given to read.
const ownSignals = /^SIG(ABRT|BUS|FPE|ILL|PIPE|SEGV|SYS|TRAP)$/

function kindOf(end: ChildEnd, onBadEnd: BadEnd): FailureKind {
  if (typeof onBadEnd === 'string') return onBadEnd
  return 'killedBy' in end && !ownSignals.test(end.killedBy) ? onBadEnd.killed : onBadEnd.status
}
