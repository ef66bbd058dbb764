import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Namespace, poolNames } from './namespace.ts'

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

/** Runs a bash script in a namespace, with the built programs on PATH, started by the node that runs the tests. */
export async function runScript(script: string, folder: string, namespace: Namespace): Promise<Ended> {
  const PATH = [join(repository, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const enter = ['--target', String(namespace.pid), '--mount', '--pid', 'bash', '-c']
  // A folder given to nsenter would be the one outside, below what is mounted there.
  const child = spawn('nsenter', [...enter, `cd ${folder}\n${wholeScript(script)}`], {
    // No settings of this machine reach the programs.
    env: { HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...poolNames, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const status = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 128)))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await status, stdout, stderr }
}
