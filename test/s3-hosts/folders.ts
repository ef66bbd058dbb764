import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'zpipes-s3-hosts-'

/** A folder for the servers of this process, made new. */
export function folderOfThisProcess(): string {
  const folder = join(tmpdir(), `${prefix}${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** Removes what runs left that were killed. Their servers have ended with them. */
export function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    if (existsSync(`/proc/${name.slice(prefix.length)}`)) continue
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
