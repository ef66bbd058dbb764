import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runZfsWhenFree } from '../../src/zfs/when-free.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const before = process.env['PATH']
let folder: string
beforeEach(() => {
  folder = temporaryFolder()
  process.env['PATH'] = `${folder}:${before}`
})
afterEach(() => {
  process.env['PATH'] = before
})

/** A `zfs` that says this the first two times. */
function refusing(words: string): void {
  const script = `echo x >>${folder}/calls; [ $(wc -l <${folder}/calls) -gt 2 ] || { echo "${words}" >&2; exit 1; }; echo done`
  writeFileSync(join(folder, 'zfs'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}

it('is told again what is busy, and nothing else', async () => {
  refusing("cannot destroy 'tank/x': dataset is busy")
  expect(await runZfsWhenFree('destroy', 'tank/x')).toBe('done\n')
  folder = temporaryFolder()
  process.env['PATH'] = `${folder}:${before}`
  refusing("cannot destroy 'tank/x': permission denied")
  await expect(runZfsWhenFree('destroy', 'tank/x')).rejects.toMatchObject({ kind: 'permission' })
})
