import { Failure } from '../errors.ts'
import type { Command } from './command.ts'
import { bashCompletion } from './completion/bash.ts'
import { fishCompletion } from './completion/fish.ts'
import { zshCompletion } from './completion/zsh.ts'

const writers: Readonly<Record<string, (command: Command) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** A script that completes options and their values without running the program. Throws 'usage' for an unknown shell. */
export function completionScript(command: Command, shell: string): string {
  const write = Object.hasOwn(writers, shell) ? writers[shell] : undefined
  if (write !== undefined) return write(command)
  throw new Failure('usage', `option --completion: '${shell}' is none of ${Object.keys(writers).join(', ')}`)
}
