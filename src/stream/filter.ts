import { Failure, type FailureKind } from '../errors.ts'
import { type Child, startChild } from './child.ts'
import type { Input } from './input.ts'
import { type BadEnd, endWell, programInput } from './program-input.ts'

export interface FilterOptions {
  /** The kind of the Failure if the filter ends badly. One that was killed says nothing of its input: that is 'retry'. */
  readonly onBadEnd: FailureKind
  readonly signal?: AbortSignal | undefined
}

const pumpBytes = 256 * 1024

/** The source's bytes as a program makes them. Ends well only if the source, the program and the way between did. */
export function throughFilter(source: Input, argv: readonly string[], options: FilterOptions): Input {
  const child = startChild(argv, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', signal: options.signal })
  const onBadEnd: BadEnd = { status: options.onBadEnd, killed: 'retry' }
  const output = programInput(child, onBadEnd)
  // The source's failure is the cause when both fail, and it is known first: stopping the filter comes after it.
  let pumpError: unknown
  const pumped = pump(source, child, onBadEnd)
  pumped.catch((error) => {
    pumpError = error
    return child.stop()
  })
  return {
    async fill(target) {
      const count = await output.fill(target).catch((error) => {
        throw pumpError ?? error
      })
      if (count < target.length) await pumped
      return count
    },
    async close() {
      await Promise.all([source.close(), output.close()])
    },
  }
}

/** The source's bytes as the last of several programs makes them, each reading what the one before it writes. */
export function throughFilters(source: Input, programs: readonly (readonly string[])[], options: FilterOptions): Input {
  return programs.reduce((input, argv) => throughFilter(input, argv, options), source)
}

async function pump(source: Input, child: Child, onBadEnd: BadEnd): Promise<void> {
  // Shared, so that a check in another thread needs no copy of it.
  const buffer = new Uint8Array(new SharedArrayBuffer(pumpBytes))
  const writer = writerTo(child, onBadEnd)
  for (;;) {
    const count = await source.fill(buffer)
    if (count > 0) await writer.write(buffer.subarray(0, count))
    if (count < buffer.length) break
  }
  await writer.end()
}

/** Writes to a program's stdin; if it stops reading, its bad end is the Failure, or that it did not read everything. */
export function writerTo(child: Child, onBadEnd: BadEnd) {
  // An error is reported by the write it belongs to.
  child.stdin.on('error', () => {})
  async function explain(error: Error): Promise<never> {
    await endWell(child, onBadEnd)
    throw new Failure(
      typeof onBadEnd === 'string' ? onBadEnd : onBadEnd.status,
      `${child.name} ended before it had read everything`,
      { cause: error },
    )
  }
  return {
    /** Resolves when the bytes have left our memory. */
    async write(bytes: Uint8Array): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        child.stdin.write(bytes, (error) => (error ? reject(error) : resolve()))
      }).catch(explain)
    },
    async end(): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        // Of a destroyed stream, as a stopped program has it, Node never calls back.
        if (child.stdin.destroyed) reject(new Error('the pipe is closed'))
        child.stdin.once('error', reject)
        child.stdin.end((error?: Error | null) => (error ? reject(error) : resolve()))
      }).catch(explain)
    },
  }
}
