import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test as base, inject } from 'vitest'
import { type Ended, wholeScript } from '../zfs-host/script.ts'

// Two pools on files in memory, in a folder of the script's own, named and mounted as on zfs-fuse: $A at ./a, $B at ./b.
const pools = `
A=pool-a B=pool-b
cd "$(mktemp -d)"
trap 'zpool destroy -f $A; zpool destroy -f $B; rm -rf "$PWD"' EXIT
truncate -s 400M a.pool b.pool
zpool create -o cachefile=none -m "$PWD/a" $A "$PWD/a.pool"
zpool create -o cachefile=none -m "$PWD/b" $B "$PWD/b.pool"
`

/** A guest that runs one script at a time. */
export interface Guest {
  script(text: string): Promise<Ended>
}

/** A test on OpenZFS in the virtual machine: `test('…', async ({ zfs }) => …)`. */
export const test = base.extend<{ zfs: Guest }>({
  zfs: async ({ skip }, use) => {
    const lack = inject('lackOfOpenzfs')
    const control = inject('openzfsControl')
    if (lack !== undefined || control === undefined) return skip(lack ?? 'there is no guest')
    await use({ script: (text) => runInGuest(control, `${pools}\n${text}`) })
  },
})

async function runInGuest(control: string, script: string): Promise<Ended> {
  const name = join(control, randomUUID())
  writeFileSync(`${name}.new`, wholeScript(script))
  renameSync(`${name}.new`, `${name}.sh`)
  while (!existsSync(`${name}.status`)) await sleep(50)
  return {
    status: Number(readFileSync(`${name}.status`, 'utf8')),
    stdout: readFileSync(`${name}.out`, 'utf8'),
    stderr: readFileSync(`${name}.err`, 'utf8'),
  }
}
