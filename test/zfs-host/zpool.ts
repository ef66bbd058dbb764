import { spawnSync } from 'node:child_process'

/** The pools there are, or undefined if no ZFS answers. */
export function listPools(): string[] | undefined {
  const { status, stdout } = spawnSync('zpool', ['list', '-H', '-o', 'name'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 ? stdout.split('\n').filter((name) => name !== '') : undefined
}

/** Destroys a pool; right after writes it may be busy for a moment. */
export function destroyPool(name: string): void {
  for (let tries = 1; ; tries += 1) {
    const { status, stderr } = spawnSync('zpool', ['destroy', '-f', name], { encoding: 'utf8', timeout: 60_000 })
    if (status === 0) return
    if (tries === 20) throw new Error(`zpool destroy ${name}: ${stderr}`)
    spawnSync('sleep', ['0.2'])
  }
}
