import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const startSeconds = 90

/** Why no server can be run in a namespace of its own, or undefined if it can. */
export function lackOfNamespaces(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'namespaces need root on Linux'
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true'])
  return status === 0 ? undefined : 'there can be no namespaces'
}

export interface Running {
  stop(): Promise<void>
}

// Process 1: all others end with it, and it ends with us, however we end: its stdin does.
const processOne = '(bash "$0" </dev/null || echo failed) & read -r _'

/**
 * Runs a script of this folder among processes and mounts of their own, on the network of all, and resolves when it has
 * printed 'ready'. What it started runs on until it is stopped, or this process ends.
 */
export async function startInNamespace(script: string, folder: string, settings: Settings): Promise<Running> {
  mkdirSync(folder)
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const child = spawn('unshare', [...unshare, 'bash', '-c', processOne, join(import.meta.dirname, script)], {
    cwd: folder,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const tooLate = setTimeout(() => child.kill('SIGKILL'), startSeconds * 1000)
  const [word] = await Promise.race([once(child.stdout, 'data'), exit])
  clearTimeout(tooLate)
  if (String(word) !== 'ready\n') throw new Error(`${script} did not start:\n${lastWordsIn(folder)}`)
  return {
    async stop() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

export type Settings = Readonly<Record<string, string>>

/** The last lines of all that the servers wrote. */
function lastWordsIn(folder: string): string {
  const files = readdirSync(folder).filter((name) => /\.(log|out)$/.test(name))
  return files.map((name) => `${name}: ${lastLines(join(folder, name))}`).join('\n')
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join('\n  ')
}
