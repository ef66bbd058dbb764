import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { destroyPool, listPools } from './zpool.ts'

// Pools and folders carry the id of the process that made them, so that those of a killed run can be told from a running one's.
const poolName = /^zp(?<owner>\d+)x/
const folderName = /^zpipes-pools-(?<owner>\d+)-/

export function newPoolName(count: number, side: string): string {
  return `zp${process.pid}x${count}${side}`
}

export function newFolderPrefix(): string {
  return join(tmpdir(), `zpipes-pools-${process.pid}-`)
}

/** Takes away what killed runs have left: their pools, the mounts of a daemon that is gone, their folders. */
export function clearLeftovers(): void {
  const left = (listPools() ?? []).filter((pool) => isLeft(poolName.exec(pool)))
  for (const pool of left) destroyPool(pool)
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [source = '', mountpoint = ''] = line.split(' ')
    if (isLeft(poolName.exec(source))) spawnSync('umount', ['-l', mountpoint.replaceAll('\\040', ' ')])
  }
  for (const name of readdirSync(tmpdir())) {
    if (isLeft(folderName.exec(name))) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isLeft(match: RegExpExecArray | null): boolean {
  return match?.groups?.['owner'] !== undefined && !isAlive(Number(match.groups['owner']))
}

/** False also for one that has ended and was not waited for. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
