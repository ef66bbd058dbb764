import { writeSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from './command.ts'

// EX_TEMPFAIL: what exit-status.ts has cannot be loaded now.
const retryStatus = 75

/** Loads a program with all that it needs at once, and runs it. Of ours this imports nothing, so that it can say why not. */
export async function launch(load: () => Promise<Command>): Promise<void> {
  const [{ run }, program] = await Promise.all([import('./run.ts'), load()]).catch(sayWhyNot)
  await run(program)
}

function sayWhyNot(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error
  const name = basename(process.argv[1] ?? '')
  const hint = 'raise the limit of open files (ulimit -n)'
  try {
    writeSync(2, `${name}: cannot load its own files: too many open files\n${name}: hint: ${hint}\n`)
  } catch {}
  process.exit(retryStatus)
}
