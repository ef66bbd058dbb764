import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import { Failure } from '../errors.ts'
import { type ParsedArguments, parseArguments } from './arguments.ts'
import type { Command, InferredArguments, OptionSpecs, PositionalSpecs } from './command.ts'
import { allOptions } from './common-options.ts'
import { endProcess } from './end-process.ts'
import type { CheckResult } from './exit-status.ts'
import { writeDiagnostic } from './messages.ts'
import { readSettings } from './read-settings.ts'
import { abortOnSignals } from './signals.ts'
import { chooseVerb, programOf } from './suite.ts'
import { type OpenTerminal, openTerminal } from './terminal.ts'
import { sortWords, type Words } from './words.ts'
import { writeStdout } from './write-text.ts'

// Node's stream buffers are garbage outside of V8's heap. A young generation that does not grow is cleared often enough
// that little of it lies about: 94 MiB instead of 134 behind a filter, on Node 24. A flag V8 does not know does nothing.
setFlagsFromString('--semi-space-growth-factor=1')

/** Runs a program on this process's arguments and ends the process. Does not return. */
export async function run(program: Command): Promise<void> {
  // Else the AWS SDK prints lines about Node's age to everybody's stderr.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  giveHome()
  const stopping = abortOnSignals()
  const { signal } = stopping
  let terminal: OpenTerminal | undefined
  const [command, argv] = chooseVerb(program, process.argv.slice(2))
  const end = (error?: unknown, result?: CheckResult) => endProcess(command, signal, terminal, error, result)
  process.on('uncaughtException', end)
  process.on('beforeExit', () => end(new Error('nothing is left to wait for, but the work is not done')))
  try {
    const prepared = await prepare(command, argv)
    if (typeof prepared === 'string') {
      writeStdout(prepared)
      return end()
    }
    terminal = openTerminal(programOf(command), prepared, stopping)
    end(undefined, (await command.run(prepared as Arguments, terminal)) ?? 'ok')
  } catch (error) {
    end(error)
  }
}

/** Without HOME and without an entry in passwd(5), as in many a container, we and the AWS SDK could not ask for it. */
function giveHome(): void {
  try {
    homedir()
  } catch {
    process.env['HOME'] = '/'
  }
}

type Arguments = InferredArguments<OptionSpecs, PositionalSpecs>

/** The arguments to run with, or the text that was asked for instead. */
async function prepare(command: Command, argv: readonly string[]): Promise<ParsedArguments | string> {
  const options = allOptions(command)
  const words = sortWords(command, options, argv)
  const asked = await askedText(command, words)
  if (asked !== undefined) return asked
  const args = await parseArguments(command, options, words, readSettings(command, options, words))
  await refuseTerminals(command, args)
  return args
}

/** Each is loaded when it is asked for: most runs are not asked. */
async function askedText(command: Command, { given }: Words): Promise<string | undefined> {
  if (given.has('help')) return await help(command)
  if (given.has('version')) return (await import('./version.ts')).versionText(command, given.has('verbose'))
  const [shell] = given.get('completion') ?? []
  return shell === undefined ? undefined : (await import('./completion.ts')).completionScript(command, shell)
}

async function help(command: Command): Promise<string> {
  return (await import('./help.ts')).helpText(command)
}

/** A user who forgot the pipe gets help, not a program that waits for typing; and no binary data on the screen. */
async function refuseTerminals(command: Command, args: ParsedArguments): Promise<void> {
  const use = <Kind>(declared: Kind | ((given: Arguments) => Kind)): Kind =>
    declared instanceof Function ? declared(args as Arguments) : declared
  const isOwnInput = (args['command'] as readonly string[]).length === 0
  if (isOwnInput && use(command.stdin) === 'binary' && isatty(0)) {
    writeDiagnostic(await help(command))
    throw new Failure('usage', 'stdin is a terminal', { hint: 'pipe a stream into it' })
  }
  if (use(command.stdout) === 'binary' && isatty(1)) {
    throw new Failure('usage', 'stdout is a terminal, and the output is binary', {
      hint: 'pipe it into a program or a file',
    })
  }
}
