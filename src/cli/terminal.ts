import type { ParsedArguments } from './arguments.ts'
import { say } from './messages.ts'
import type { ProgressSource } from './progress.ts'
import { chooseProgressStyle, ProgressDisplay } from './progress-display.ts'
import { onProgressSignals, type Stopping } from './signals.ts'
import { writeStdout } from './write-text.ts'

/** What a program may do at the terminal, and may ask of it. */
export interface Terminal extends Stopping {
  /** Aborted at the first INT, TERM or HUP; its reason is an `Interrupted`. */
  readonly signal: AbortSignal
  readonly quiet: boolean
  readonly verbose: boolean
  readonly json: boolean
  /** `pput: message` on stderr. */
  say(message: string): void
  /** `pput: hint: message` on stderr. */
  hint(message: string): void
  /** With `--json`, one line on stdout: `{"schema":1,…}`. Else nothing. */
  event(record: object): void
  /** The same of many, in few writes. */
  events(records: readonly object[]): void
  /** A line of the asked-for listing, on stdout. */
  print(line: string): void
  /** Shows how far the work is, where the user wants to see it, until stopped. One at a time. */
  progress(source: ProgressSource): { stop(): void }
}

/** The cli keeps the end of it: `close` takes the progress line away, before whatever ends the program is said. */
export type OpenTerminal = Terminal & { close(): void }

// Raised when a field of an event changes its meaning or goes away; not when one is added.
const eventSchema = 1
const eventsAtOnce = 256

export function openTerminal(program: string, args: ParsedArguments, stopping: Stopping): OpenTerminal {
  const [quiet, verbose, json] = [args['quiet'] === true, args['verbose'] === true, args['json'] === true]
  const display = new ProgressDisplay(program, chooseProgressStyle(quiet, args['progress'] === true))
  onProgressSignals(() => display.tell())
  const tell = (message: string) => {
    display.clear()
    say(program, message)
  }
  return {
    ...stopping,
    quiet,
    verbose,
    json,
    say: tell,
    hint: (message) => tell(`hint: ${message}`),
    event(record) {
      if (json) writeStdout(lineOf(record))
    },
    events(records) {
      if (!json) return
      for (let from = 0; from < records.length; from += eventsAtOnce) {
        const some = records.slice(from, from + eventsAtOnce)
        writeStdout(some.map(lineOf).join(''))
      }
    },
    print: (line) => writeStdout(`${line}\n`),
    progress: (source) => display.start(source),
    close: () => display.stop(),
  }
}

function lineOf(record: object): string {
  return `${JSON.stringify({ schema: eventSchema, ...record })}\n`
}
