import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, inject } from 'vitest'
import { newFolderPrefix, newPoolName } from './leftovers.ts'
import { type Ended, runScript } from './script.ts'
import { destroyPool } from './zpool.ts'

const poolBytes = 512 * 1024 * 1024
let made = 0

/** Two pools for one test, and a folder that is removed with them. */
export interface ZfsHost {
  /** Runs a bash script in the folder; `$A` and `$B` are the pools, mounted at ./a and ./b. */
  script(text: string, timeoutMs?: number): Promise<Ended>
}

/** A test on real ZFS: `test('…', async ({ zfs }) => …)`. Skipped where there is none. */
export const test = base.extend<{ zfs: ZfsHost }>({
  zfs: async ({ skip }, use) => {
    const lack = inject('lackOfZfsFuse')
    if (lack !== undefined) skip(lack)
    const folder = mkdtempSync(newFolderPrefix())
    const pools: string[] = []
    try {
      for (const side of ['a', 'b']) pools.push(createPool(side, folder))
      const [A = '', B = ''] = pools
      await use({ script: (text, timeoutMs = 60_000) => runScript(text, { cwd: folder, env: { A, B }, timeoutMs }) })
    } finally {
      for (const pool of pools) destroyPool(pool)
      rmSync(folder, { recursive: true, force: true })
    }
  },
})

function createPool(side: string, folder: string): string {
  const name = newPoolName(made++, side)
  const image = join(folder, `${side}.pool`)
  writeFileSync(image, '')
  truncateSync(image, poolBytes)
  const options = ['create', '-o', 'cachefile=none', '-m', join(folder, side), name, image]
  const { status, stderr } = spawnSync('zpool', options, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`zpool create ${name}: ${stderr}`)
  return name
}
