import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin', import.meta.url))

/** What our programs run in: they are found first, and no settings of the machine reach them. */
export const environment: NodeJS.ProcessEnv = {
  PATH: `${bin}:${process.env['PATH']}`,
  HOME: '/nonexistent',
  XDG_CONFIG_HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
}

export interface Ended {
  /** 128+n after a signal, as a shell says it. */
  readonly status: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a command line in bash with pipefail; the built programs are on its PATH. */
export function sh(commandLine: string, options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const settings = { ...options, env: { ...environment, ...options.env }, encoding: 'buffer', maxBuffer: 1 << 30 } as const
    const child = execFile('bash', ['-o', 'pipefail', '-c', commandLine], settings, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 128
      resolve({ status, stdout, stderr: stderr.toString() })
    })
    child.stdin?.end()
  })
}

/** Starts one of our programs alone, to be fed, watched and killed. */
export function start(program: string, args: readonly string[], options: { cwd?: string } = {}) {
  const child = spawn(program, args, { ...options, env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
  const stderr: Buffer[] = []
  child.stderr.on('data', (bytes) => stderr.push(bytes))
  // A killed program leaves its stdin broken.
  child.stdin.on('error', () => {})
  const ended = new Promise<{ status: number | null; signal: NodeJS.Signals | null; stderr: string }>((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal, stderr: Buffer.concat(stderr).toString() })),
  )
  return { child, ended }
}
