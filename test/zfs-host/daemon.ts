import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './leftovers.ts'
import { listPools } from './zpool.ts'

// A file of our own: a daemon that it does not name was started by someone else, and is never stopped here.
const pidFile = '/run/zpipes-zfs-fuse.pid'

/** Why there is no ZFS in user space on this machine, or undefined if there can be. */
export function lackOfZfsFuse(): string | undefined {
  if (process.getuid?.() !== 0) return 'zfs-fuse needs root'
  if (spawnSync('zfs-fuse', ['--version']).error !== undefined) return 'zfs-fuse is not installed'
  if (!existsSync('/dev/fuse')) spawnSync('mknod', ['/dev/fuse', 'c', '10', '229'])
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return undefined
  } catch (error) {
    return `zfs-fuse cannot mount: ${(error as Error).message}`
  }
}

/** Starts the daemon unless one runs: there can be one on a machine, and runs at the same time share it. */
export async function startZfsFuse(): Promise<void> {
  if (listPools() !== undefined) return
  // One of ours that does not answer is of no use to anybody. Its file, left alone, would make the next end with 1 without a word.
  await killOurs()
  // No caching of attributes and names: Debian's /etc/zfs/zfsrc keeps them for an hour, whatever zfs receive changes.
  const options = `--no-kstat-mount --fuse-attr-timeout 0 --fuse-entry-timeout 0 --pidfile ${pidFile}`
  const { status, stderr } = spawnSync('bash', ['-c', `ulimit -v unlimited; exec env -u LANG zfs-fuse ${options}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  for (const deadline = Date.now() + 10_000; listPools() === undefined; await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`zfs-fuse (status ${status}) does not answer: ${stderr}`)
  }
}

/** Stops the daemon if it is ours and no pool is left on it: another run's pools keep it alive. */
export async function stopZfsFuse(): Promise<void> {
  if (listPools()?.length === 0) await killOurs()
}

/** Not by TERM, for which it takes five seconds: without pools there is nothing that it could write. */
async function killOurs(): Promise<void> {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  if (isZfsFuse(pid)) process.kill(pid, 'SIGKILL')
  while (isZfsFuse(pid)) await sleep(20)
  rmSync(pidFile, { force: true })
}

function isZfsFuse(pid: number): boolean {
  return isAlive(pid) && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'zfs-fuse\n'
}
