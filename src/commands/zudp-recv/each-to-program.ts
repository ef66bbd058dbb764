import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'
import type { Destination } from '../../udp/receive-over-udp.ts'

/** The words of --exec: a program and its arguments, which no shell looks at. */
export function wordsOf(command: string): readonly string[] {
  const words = command.split(/\s+/).filter(Boolean)
  if (words.length > 0) return words
  throw new Failure('usage', '--exec names no program')
}

/** Starts the program for a transfer, with its name in the place of `%n`. */
export async function openProgram(words: readonly string[], name: string, signal: AbortSignal): Promise<Destination> {
  const { startProgramOutput } = await import('../../stream/program-output.ts')
  const { isTransferName } = await import('../../udp/transfer-name.ts')
  if (words.some((word) => word.includes('%n')) && !isTransferName(name)) throw nameless(name)
  const argv = words.map((word) => word.replaceAll('%n', () => name))
  const { write, end, stop } = startProgramOutput(argv, { onBadEnd: 'io', signal })
  return { write, flush: end, abandon: stop }
}

function nameless(name: string): Failure {
  const what = name === '' ? 'the sender gave the transfer no name' : `the sender's name '${name}' is refused`
  return new Failure('protocol', `${what}, and --exec has %n`, { hint: 'start zudp-send with --name NAME' })
}

/**
 * One transfer after another, until a signal. One that fails is said, and is the business of its sender; what keeps it
 * from listening for one, such as a port in use, ends it.
 */
export async function receiveForEver(
  terminal: Terminal,
  receive: (onListening: () => void) => Promise<void>,
): Promise<never> {
  for (;;) {
    let isListening = false
    try {
      await receive(() => {
        isListening = true
      })
    } catch (error) {
      if (!isListening || terminal.signal.aborted || !(error instanceof Failure)) throw error
      terminal.say(error.message)
      if (error.hint !== undefined) terminal.hint(error.hint)
    }
  }
}
