import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './folder.ts'

/** A `zfs` that does this, in the language of sh, until the test ends; with the folder that it lies in. */
export function putZfsInPath(commands: string): string {
  return putInPath('zfs', commands)
}

export function putInPath(program: string, commands: string): string {
  const folder = temporaryFolder()
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:${before}`
  onTestFinished(() => {
    process.env['PATH'] = before
  })
  writeFileSync(join(folder, program), `#!/bin/sh\ncd '${folder}' || exit\n${commands}\n`, { mode: 0o755 })
  return folder
}
