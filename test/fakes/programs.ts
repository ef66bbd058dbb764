import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Ended {
  /** As a shell sees it: 128+n for a signal. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams
  /** Resolves when the program has ended and its pipes are closed. */
  readonly ended: Promise<Ended>
  /** Resolves when stderr or stdout has shown the text. */
  saw(text: string): Promise<void>
}

export const root = join(import.meta.dirname, '../..')

/** The built program of that name, or a launcher of a test's own. */
export function launcherOf(program: string): string {
  return program.includes('/') ? program : join(root, 'bin', program)
}

/** Nothing of the machine's own settings. */
export const cleanEnvironment = { PATH: process.env['PATH'], ZPIPES_CONFIG: '/dev/null' }

/** Starts a program with pipes on all sides; it is killed when the test ends. */
export function start(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): Started {
  return watch(process.execPath, [launcherOf(program), ...words], environment)
}

/** Starts a shell command line with `$PROGRAM` in it, which stands for node and the launcher. */
export function startShell(program: string, commandLine: string, environment: NodeJS.ProcessEnv = {}): Started {
  const command = `${process.execPath} ${launcherOf(program)}`
  return watch('bash', ['--norc', '-c', `PROGRAM='${command}'; ${commandLine}`], environment)
}

/** Runs a program on an input to its end. */
export function runProgram(program: string, words: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const { child, ended } = start(program, words)
  child.stdin.end(input)
  return ended
}

/** Runs a command line in bash with pipefail, the built programs on its PATH, in a folder. */
export function sh(commandLine: string, folder: string = root, environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const PATH = [join(root, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const words = ['--norc', '-o', 'pipefail', '-c', `cd "$FOLDER"; ${commandLine}`]
  const { child, ended } = watch('bash', words, { PATH, FOLDER: folder, ...environment })
  child.stdin.end()
  return ended
}

function watch(file: string, words: readonly string[], environment: NodeJS.ProcessEnv): Started {
  const child = spawn(file, words, { env: { ...cleanEnvironment, ...environment } })
  onTestFinished(() => void child.kill('SIGKILL'))
  // A program may end without reading what it is given.
  child.stdin.on('error', () => {})
  const shown = { stdout: '', stderr: '' }
  child.stdout.on('data', (bytes) => (shown.stdout += bytes))
  child.stderr.on('data', (bytes) => (shown.stderr += bytes))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) =>
      resolve({ status: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], ...shown }),
    )
  })
  const hasShown = (text: string) => (shown.stdout + shown.stderr).includes(text)
  const saw = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => hasShown(text) && resolve()
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      void ended.then(() => reject(new Error(`ended before it showed '${text}': ${JSON.stringify(shown)}`)))
      look()
    })
  return { child, ended, saw }
}
