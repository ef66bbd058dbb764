import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const hostScript = join(import.meta.dirname, 'host.sh')

export const poolNames = { A: 'pool-a', B: 'pool-b' } as const

/** Why there is no ZFS in user space on this machine, or undefined if there can be. */
export function lackOfZfsFuse(): string | undefined {
  if (process.getuid?.() !== 0) return 'zfs-fuse needs root'
  if (spawnSync('zfs-fuse', ['--version']).error !== undefined) return 'zfs-fuse is not installed'
  if (spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0) return 'there can be no namespaces'
  if (!existsSync('/dev/fuse')) spawnSync('mknod', ['/dev/fuse', 'c', '10', '229'])
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return undefined
  } catch (error) {
    return `zfs-fuse cannot mount: ${(error as Error).message}`
  }
}

/** Processes and mounts of their own: all end with process 1 there, and that ends with us, however we end. */
export interface Namespace {
  /** Process 1, as seen from here: what nsenter needs. */
  readonly pid: number
  stop(): Promise<void>
}

/** Two pools on a zfs-fuse in a namespace; its folder is seen from there alone. */
export async function startNamespace(folder: string): Promise<Namespace> {
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', hostScript]
  const child = spawn('unshare', unshare, {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...poolNames },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const [word] = await Promise.race([once(child.stdout, 'data'), exit])
  if (String(word) !== 'ready\n') throw new Error(`test/zfs-host/host.sh ended with ${word}`)
  const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
  return {
    pid,
    async stop() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
