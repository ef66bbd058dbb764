import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

const repository = join(import.meta.dirname, '../..')
const prelude = readFileSync(join(import.meta.dirname, 'prelude.sh'), 'utf8')

/** How a script ended. */
export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A script as the hosts run it: with the functions of prelude.sh, and ending at the first command that fails. */
export function wholeScript(script: string): string {
  return `${prelude}\n${script}\n`
}

/** Runs a bash script with the built programs on PATH, started by the node that runs the tests. Killed after the time given. */
export async function runScript(
  script: string,
  { cwd, env, timeoutMs = 60_000 }: { cwd: string; env: Record<string, string>; timeoutMs?: number },
): Promise<Ended> {
  const PATH = [join(repository, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const child = spawn('bash', ['-c', wholeScript(script)], {
    cwd,
    // No settings of this machine reach the programs.
    env: { HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const timer = setTimeout(() => killGroup(child.pid), timeoutMs)
  const status = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 128)))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  clearTimeout(timer)
  return { status: await status, stdout, stderr }
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}
