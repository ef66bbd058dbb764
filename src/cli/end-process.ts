import type { Failure } from '../errors.ts'
import type { Command } from './command.ts'
import { exitPastKoffi } from './exit-past-koffi.ts'
import { bugStatus, type CheckResult, checkStatuses, failureStatuses } from './exit-status.ts'
import { Interrupted } from './interrupted.ts'
import { say, writeDiagnostic } from './messages.ts'
import { dieBy } from './signals.ts'
import { programOf } from './suite.ts'
import { asFailure } from './system-failure.ts'
import type { OpenTerminal } from './terminal.ts'

/** Says what went wrong, if anything did, and ends the process with the status or by the signal that belongs to it. */
export function endProcess(
  command: Command,
  signal: AbortSignal,
  terminal: OpenTerminal | undefined,
  error: unknown,
  result: CheckResult = 'ok',
): void {
  terminal?.close()
  const status = report(command, error, terminal?.verbose === true) || checkStatuses[result]
  // Whatever was done: who sent the signal, such as a shell in a loop, must see that it was heard.
  if (signal.reason instanceof Interrupted) dieBy(signal.reason.signalName)
  // The last of the listeners: others have something to put right.
  process.on('exit', exitPastKoffi)
  process.exit(status)
}

function report(command: Command, error: unknown, isVerbose: boolean): number {
  if (error === undefined || stemsFromInterruption(error)) return 0
  const failure = asFailure(error)
  if (failure === undefined) return reportBug(programOf(command), error)
  if (failure.kind !== 'closed') reportFailure(command, failure, isVerbose)
  return failureStatuses[failure.kind].status
}

function reportFailure(command: Command, failure: Failure, isVerbose: boolean): void {
  const program = programOf(command)
  say(program, failure.message)
  if (failure.hint !== undefined) say(program, `hint: ${failure.hint}`)
  else if (failure.kind === 'usage') say(program, `hint: try ${command.name} --help`)
  for (const cause of isVerbose ? causesOf(failure) : []) say(program, `cause: ${cause.message}`)
}

function reportBug(program: string, error: unknown): number {
  const [message, stack] =
    error instanceof Error ? [`${error.name}: ${error.message}`, error.stack] : [String(error), '']
  say(program, `this is a bug: ${message}`)
  writeDiagnostic(`${stack}\n`)
  return bugStatus.status
}

/** The abort itself, or what a room made of it. */
function stemsFromInterruption(error: unknown): boolean {
  return error instanceof Interrupted || causesOf(error).some((cause) => cause instanceof Interrupted)
}

function causesOf(error: unknown): readonly Error[] {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? [cause, ...causesOf(cause)] : []
}
