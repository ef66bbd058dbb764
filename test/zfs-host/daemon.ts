import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { destroyPool, listPools } from './pool-names.ts'

// A file of our own: a daemon that it does not name was started by someone else, and is never stopped here.
const pidFile = '/run/zpipes-zfs-fuse.pid'

/** Why there is no ZFS in user space on this machine, or undefined if there can be. */
export function lackOfZfsFuse(): string | undefined {
  if (process.getuid?.() !== 0) return 'zfs-fuse needs root'
  if (spawnSync('zfs-fuse', ['--version']).error !== undefined) return 'zfs-fuse is not installed'
  if (!existsSync('/dev/fuse')) spawnSync('mknod', ['/dev/fuse', 'c', '10', '229'])
  return existsSync('/dev/fuse') ? undefined : 'there is no /dev/fuse'
}

/** Starts the daemon unless one runs: there can be one on a machine, and runs at the same time share it. */
export async function startZfsFuse(): Promise<void> {
  if (listPools() !== undefined) return
  // A stale file makes the daemon end with 1 without a word.
  rmSync(pidFile, { force: true })
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

/** Stops the daemon if no pool is left on it: another run's pools keep it alive. */
export async function stopZfsFuse(): Promise<void> {
  if (listPools()?.length !== 0 || !existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  if (!isZfsFuse(pid)) return
  // Without pools there is nothing that it could write on TERM, for which it takes five seconds.
  process.kill(pid, 'SIGKILL')
  while (isZfsFuse(pid)) await sleep(20)
  rmSync(pidFile, { force: true })
}

/** Takes away what runs that were killed have left: their pools, and mounts of a daemon that is gone. */
export function clearLeftovers(): void {
  for (const pool of listPools() ?? []) {
    const owner = /^zp(\d+)x/.exec(pool)?.[1]
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) destroyPool(pool)
  }
  const alive = listPools() ?? []
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [source = '', mountpoint = ''] = line.split(' ')
    const pool = /^zp\d+x[^/]*/.exec(source)?.[0]
    if (pool !== undefined && !alive.includes(pool)) spawnSync('umount', ['-l', mountpoint.replaceAll('\\040', ' ')])
  }
}

function isZfsFuse(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').startsWith(`${pid} (zfs-fuse) `) && !isZombie(pid)
  } catch {
    return false
  }
}

function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
