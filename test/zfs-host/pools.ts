import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, type TestContext } from 'vitest'
import { lackOfZfsFuse, startNamespace } from './namespace.ts'
import { type Ended, runScript } from './script.ts'

/** Two pools of a test's own, gone with all that its scripts started when it ends. */
export interface ZfsHost {
  /** Runs a bash script in a folder of the test's own; `$A` and `$B` are the pools, mounted there at ./a and ./b. */
  script(text: string): Promise<Ended>
}

const lack = lackOfZfsFuse()

/** For tests that need more than ZFS: `testOn('swift').extend(zfsFixture)`. */
export const zfsFixture = {
  zfs: async ({ skip }: TestContext, use: (host: ZfsHost) => Promise<void>) => {
    if (lack !== undefined) skip(lack)
    const folder = mkdtempSync(join(tmpdir(), 'zpipes-zfs-host-'))
    const namespace = await startNamespace(folder)
    try {
      await use({ script: (text) => runScript(text, folder, namespace) })
    } finally {
      await namespace.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** A test on real ZFS: `test('…', async ({ zfs }) => …)`. Skipped where there is none. */
export const test = base.extend<{ zfs: ZfsHost }>(zfsFixture)
