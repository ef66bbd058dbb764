import { Failure } from '../errors.ts'
import type { DigestName } from './digest.ts'
import { startDigestThread } from './digest-thread.ts'
import type { Input } from './input.ts'
import type { RateLimit } from './rate-limit.ts'

/** Something that looks at every piece of a stream on its way through. */
export interface Check {
  /** The next piece. It is reused after this has resolved. */
  look(piece: Uint8Array): void | Promise<void>
  /** Asked at the end of the stream; what it throws stands in the end's place. */
  finish?(): Promise<void>
}

/** The same input, seen by all checks: its end is given only when each of them is content. */
export function checked(input: Input, checks: readonly Check[]): Input {
  let hasEnded = false
  return {
    async fill(target) {
      const count = await input.fill(target)
      if (count > 0) await lookAt(target.subarray(0, count), checks)
      if (count < target.length && !hasEnded) {
        hasEnded = true
        for (const check of checks) await check.finish?.()
      }
      return count
    },
    close: () => input.close(),
  }
}

async function lookAt(piece: Uint8Array, checks: readonly Check[]): Promise<void> {
  // All are started before one is awaited: what runs in other threads runs meanwhile.
  const looks = checks.map((check) => check.look(piece))
  for (const look of looks) if (look !== undefined) await look
}

/** The stream must have a byte: who was to write it may have failed before the first. */
export function expectAnyBytes(hint = '--allow-empty takes it all the same'): Check {
  let isEmpty = true
  return {
    look() {
      isEmpty = false
    },
    async finish() {
      if (isEmpty) throw new Failure('data', 'the input is empty', { hint })
    },
  }
}

/** The stream must have just this many bytes. */
export function expectBytes(expected: number): Check {
  let count = 0
  return {
    look(piece) {
      count += piece.length
      if (count > expected) throw new Failure('data', `the input is longer than the ${expected} bytes expected`)
    },
    async finish() {
      if (count !== expected) throw new Failure('data', `the input is ${count} bytes, ${expected} were expected`)
    },
  }
}

/** The stream must have this digest (lower-case hexadecimal), which is computed in a thread of its own. */
export async function expectDigest(name: DigestName, expected: string): Promise<Check> {
  const thread = await startDigestThread([name])
  return {
    look: (piece) => thread.update(piece),
    async finish() {
      const found = (await thread.finish())[name]
      if (found !== expected) throw new Failure('data', `the input's ${name} is ${found}, ${expected} was expected`)
    },
  }
}

/** Holds the stream to a rate, until the signal ends the wait. */
export function pacedBy(limit: RateLimit, signal: AbortSignal): Check {
  return { look: (piece) => limit.take(piece.length, signal) }
}
