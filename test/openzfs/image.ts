import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const source = join(import.meta.dirname, 'image')

/**
 * The folder with the guest's kernel and disk; made on first use, and anew when what it is made from has changed.
 * $ZPIPES_OPENZFS_FROM is the Debian release that its ZFS is taken from.
 */
export function openzfsImage(): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const release = process.env['ZPIPES_OPENZFS_FROM'] || 'bookworm'
  const image = join(cache, 'zpipes', `openzfs-${release}-node-${process.versions.node}-${digestOf(source)}`)
  if (existsSync(image)) return image
  const { status } = spawnSync('bash', [join(source, 'build.sh'), image, release], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`test/openzfs/image/build.sh ended with ${status}`)
  return image
}

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).toSorted()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 8)
}
