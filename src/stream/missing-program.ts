import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../errors.ts'

// Where systems keep what administrators run: cron and plain users often do not look there.
const folders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** For a program that was not found by PATH. */
export function missingProgram(program: string, cause: Error): Failure {
  const folder = program.includes('/') ? undefined : folders.find((each) => existsSync(join(each, program)))
  const hint = folder === undefined ? `install ${program}` : `it is in ${folder}, which is not in PATH`
  return new Failure('unavailable', `${program}: no such program`, { hint, cause })
}
