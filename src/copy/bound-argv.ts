import { existsSync } from 'node:fs'
import { describeBadEnd, startChild } from '../stream/child.ts'

// Of util-linux; --pdeathsig came with 2.33.
const setpriv = '/usr/bin/setpriv'
const binding = [setpriv, '--pdeathsig', 'TERM', '--']

let canBind: Promise<boolean> | undefined

/**
 * Words that run a program so that it is stopped when we are killed, where the system can do that. Else it would go on
 * writing while the next run, or the user, changes the same files.
 */
export async function boundArgv(argv: readonly string[]): Promise<readonly string[]> {
  canBind ??= probe()
  return (await canBind) ? [...binding, ...argv] : argv
}

/** What is said when the program itself is not there. */
export function isProgramMissing(said: string): boolean {
  return /^setpriv: failed to execute .*: No such file or directory/m.test(said)
}

async function probe(): Promise<boolean> {
  if (!existsSync(setpriv)) return false
  const trial = startChild([...binding, setpriv, '--version'], { stdin: 'ignore', stdout: 'ignore', stderr: 'keep' })
  return await trial.ended.then(
    (end) => describeBadEnd(end) === undefined,
    () => false,
  )
}
