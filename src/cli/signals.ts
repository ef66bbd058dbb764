import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'
import { resetStdio } from './exit-past-koffi.ts'
import { Interrupted } from './interrupted.ts'

const stoppers = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// As long as a cleanup may take: children get 5 s between TERM and KILL.
const cleanupMs = 10_000

export interface Stopping {
  readonly signal: AbortSignal
  /** The program may go on for so long when it has been asked to stop, before its cleanup begins. */
  allowGrace(milliseconds: number): void
}

/**
 * Aborts at the first INT, TERM or HUP. From then on these signals do again what they do by themselves, so that the
 * second ends the program at once, even one that is busy; and so does a cleanup that takes too long.
 */
export function abortOnSignals(): Stopping {
  const controller = new AbortController()
  // One for each program that runs for us, and more: no leak.
  setMaxListeners(0, controller.signal)
  let graceMs = 0
  const stop = (signalName: NodeJS.Signals) => {
    for (const each of stoppers) process.off(each, stop)
    setTimeout(() => dieBy(signalName), graceMs + cleanupMs).unref()
    controller.abort(new Interrupted(signalName))
  }
  for (const each of stoppers) process.on(each, stop)
  return {
    signal: controller.signal,
    allowGrace: (milliseconds) => {
      graceMs = milliseconds
    },
  }
}

/** Ends the program by the signal itself, so that a shell sees 128+n and stops its loop. */
export function dieBy(signalName: NodeJS.Signals): never {
  process.removeAllListeners(signalName)
  resetStdio()
  process.kill(process.pid, signalName)
  // Only a signal that our parent blocked lets us come here.
  process.exit(128 + constants.signals[signalName])
}

/** Calls back at USR1, and at INFO (^T) where there is such a signal. Without this, Node opens its debugger at USR1. */
export function onProgressSignals(callback: () => void): void {
  process.on('SIGUSR1', callback)
  if ('SIGINFO' in constants.signals) process.on('SIGINFO', callback)
}
