import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { Failure } from '../errors.ts'
import { gatheredPipe, openGatheredPipe } from './gathered-pipe.ts'
import type { Input } from './input.ts'
import { iteratedInput } from './iterated-input.ts'
import { missingProgram } from './missing-program.ts'
import { onAbort } from './on-abort.ts'
import { PipeInput } from './pipe-input.ts'
import { openWidePipe, type Pipe } from './wide-pipe.ts'

/** 'wide' is for streams: a pipe that holds more than what 'pipe' is, where there is one. */
type Stdio = 'pipe' | 'wide' | 'inherit' | 'ignore'
/** 'gathered' comes some times a second: for many short lines. */
type Output = Stdio | 'gathered'

export interface ChildOptions {
  readonly stdin: Stdio
  /** What is 'wide' is read by `output`. */
  readonly stdout: Output
  /** 'keep' holds its last 4 KiB for `stderrTail`; 'inherit' lets the user see it as it comes. */
  readonly stderr: 'keep' | 'inherit'
  /** Told of what is kept of stderr, as it comes. */
  readonly onStderr?: (bytes: Uint8Array) => void
  /** When it aborts, the program is stopped. */
  readonly signal?: AbortSignal | undefined
  /** Whether what it has started is stopped with it. Then it is a process group of its own: no ^C reaches it but ours. */
  readonly isGroup?: boolean
}

/** How a program ended: a status, or the signal that killed it. */
export type ChildEnd = { readonly status: number } | { readonly killedBy: string }

/** A program that we started. */
export interface Child {
  /** The program's name, for messages. */
  readonly name: string
  readonly stdin: Writable
  readonly stdout: Readable
  /** What it writes, in place of `stdout`; asked once. To be closed, or the program stopped. */
  output(): Input
  /** Settles when it has ended and its streams are closed. Rejects if it could not be started, or was aborted. */
  readonly ended: Promise<ChildEnd>
  readonly stderrTail: () => string
  /** TERM, and KILL if it is still there after 5 s. Resolves at its end. */
  stop(): Promise<void>
}

const stderrTailBytes = 4096
const killAfterMs = 5000
// What a program has left running may keep its stderr open for ever: what it said itself is there by then.
const lastWordsMs = 1000
const shell = '/bin/sh'

/** Starts a program; no shell looks at its arguments. */
export function startChild(argv: readonly string[], options: ChildOptions): Child {
  const [program = '', ...rest] = argv
  const { child, stdin, output, wide } = spawnWith(program, rest, options)
  const ended = endOf(child, program, options.signal)
  const letGo = () => {
    stdin?.destroy()
    output?.destroy()
    void wide?.close()
  }
  const stop = () => stopChild(child, ended, options.isGroup === true ? signalGroup : signalChild, letGo)
  const abort = () => {
    // Whoever reads learns why, not only that it ended too early.
    output?.once('error', () => {}).destroy(options.signal?.reason as Error)
    void stop()
  }
  const forget = options.signal === undefined ? () => {} : onAbort(options.signal, abort)
  // Whoever awaits it sees the rejection; until then it is not unhandled.
  void ended.catch(() => {}).then(forget)
  keepUnread(child.stdout)
  const stdout = output as Readable
  return {
    name: nameOf(argv),
    stdin: stdin as Writable,
    stdout,
    output: () => wide ?? iteratedInput(stdout),
    ended,
    stderrTail: keepTail(child.stderr, options.onStderr),
    stop,
  }
}

function spawnWith(program: string, words: string[], { stdin, stdout, stderr, isGroup, signal }: ChildOptions) {
  const [into, outOf] = [openOwn(stdin), openOwn(stdout)]
  const plain = (each: Output) => (each === 'wide' || each === 'gathered' ? 'pipe' : each)
  const child = spawn(program, words, {
    stdio: [into?.readEnd ?? plain(stdin), outOf?.writeEnd ?? plain(stdout), stderr === 'keep' ? 'pipe' : 'inherit'],
    detached: isGroup === true,
  })
  // They are the program's: else neither would see the end of the other.
  for (const end of [into?.readEnd, outOf?.writeEnd]) if (end !== undefined) closeSync(end)
  const wide = outOf !== undefined && stdout === 'wide' ? new PipeInput(outOf.readEnd, signal) : undefined
  const output =
    outOf !== undefined && stdout === 'gathered'
      ? gatheredPipe(outOf.readEnd, (wake) => child.once('exit', wake))
      : child.stdout
  if (into === undefined) return { child, stdin: child.stdin, output, wide }
  const writer = new Socket({ fd: into.writeEnd, readable: false, writable: true })
  // As Node does with its own.
  for (const end of ['exit', 'error']) child.once(end, () => writer.destroy())
  return { child, stdin: writer, output, wide }
}

/** A pipe that Node would not make so; undefined if it was not asked for, or cannot be had. */
function openOwn(stdio: Output): Pipe | undefined {
  if (stdio === 'wide') return openWidePipe()
  return stdio === 'gathered' ? openGatheredPipe() : undefined
}

/** What `/bin/sh` makes of a command line that a user wrote. */
export function shellCommand(commandLine: string): readonly string[] {
  return [shell, '-c', commandLine]
}

/** A user knows what he wrote, not the shell that runs it. */
function nameOf([program = '', flag, commandLine]: readonly string[]): string {
  return program === shell && flag === '-c' && commandLine !== undefined ? `'${commandLine}'` : program
}

/** `ended with status 3` or `was killed by SIGKILL`; undefined if it did well. */
export function describeBadEnd(end: ChildEnd): string | undefined {
  if ('killedBy' in end) return `was killed by ${end.killedBy}`
  return end.status === 0 ? undefined : `ended with status ${end.status}`
}

function endOf(child: ChildProcess, program: string, stopSignal?: AbortSignal): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) reject(cannotStart(program, error))
    })
    let timer: NodeJS.Timeout | undefined
    child.once('exit', () => {
      // On a busy machine what has come is read before.
      timer = setTimeout(() => setImmediate(() => child.stderr?.destroy()), lastWordsMs)
    })
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      if (stopSignal?.aborted) reject(stopSignal.reason)
      else resolve(signal === null ? { status: status ?? 0 } : { killedBy: signal })
    })
  })
}

function cannotStart(program: string, error: NodeJS.ErrnoException): Failure {
  if (error.code !== 'ENOENT')
    return new Failure('unavailable', `cannot start ${program}: ${error.code}`, { cause: error })
  return missingProgram(program, error)
}

/** When a program ends, Node throws away what nobody has begun to read. Whoever reads later must find it. */
function keepUnread(stdout: Readable | null): void {
  stdout?.on('readable', () => {})
}

type SendSignal = (child: ChildProcess, signal: 'TERM' | 'KILL') => void

const signalChild: SendSignal = (child, signal) => void child.kill(`SIG${signal}`)

/** By way of a shell: Node's kill of a child knows the child alone. */
const signalGroup: SendSignal = (child, signal) => {
  if (child.pid === undefined) return
  const killer = spawn(shell, ['-c', `kill -s ${signal} -- -${child.pid}`], { stdio: 'ignore' })
  killer.once('error', () => signalChild(child, signal))
}

async function stopChild(
  child: ChildProcess,
  ended: Promise<ChildEnd>,
  send: SendSignal,
  letGo: () => void,
): Promise<void> {
  send(child, 'TERM')
  const timer = setTimeout(() => send(child, 'KILL'), killAfterMs)
  letGo()
  await ended.catch(() => {})
  clearTimeout(timer)
}

function keepTail(stderr: Readable | null, onStderr?: ChildOptions['onStderr']): () => string {
  let tail = Buffer.alloc(0)
  stderr?.on('data', (bytes: Buffer) => {
    tail = Buffer.concat([tail, bytes]).subarray(-stderrTailBytes)
    onStderr?.(bytes)
  })
  return () => tail.toString('utf8').trim()
}
