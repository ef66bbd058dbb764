import { PassThrough, Readable } from 'node:stream'
import type { Child, ChildOptions } from '../../src/stream/child.ts'
import { iteratedInput } from '../../src/stream/iterated-input.ts'

/** Every program that would have been started, as its words. */
export const startedWords: (readonly string[])[] = []

/** What the next programs do: their output, and their end; asked for each. */
export const answers = { of: (_: readonly string[]) => ({ stdout: '', stderr: '', status: 0 }) }

/** In the place of startChild: starts nothing, and swallows what is written to it. */
export function startChild(argv: readonly string[], options?: Pick<ChildOptions, 'onStderr'>): Child {
  startedWords.push(argv)
  const { stdout, stderr, status } = answers.of(argv)
  if (stderr !== '') options?.onStderr?.(Buffer.from(stderr))
  const stdin = new PassThrough().resume()
  const written = Readable.from([Buffer.from(stdout)])
  return {
    name: argv[0] ?? '',
    stdin,
    stdout: written,
    output: () => iteratedInput(written),
    ended: Promise.resolve({ status }),
    stderrTail: () => stderr,
    stop: async () => {},
  }
}
