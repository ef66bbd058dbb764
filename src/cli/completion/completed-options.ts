import type { Command } from '../command.ts'
import { allOptions } from '../common-options.ts'
import { isShown } from '../help.ts'
import { isSwitch, spellings } from '../words.ts'

export interface CompletedOption {
  readonly spellings: readonly string[]
  readonly describe: string
  /** What may follow: nothing, one of these words, a file, or anything. */
  readonly value: 'none' | 'file' | 'any' | readonly string[]
  readonly isRepeatable: boolean
}

/** A program's options as a shell needs them. */
export function completedOptions(command: Command): readonly CompletedOption[] {
  return Object.entries(allOptions(command))
    .filter(([, option]) => isShown(option))
    .map(([name, option]) => ({
      spellings: spellings(name, option),
      describe: option.describe,
      value: isSwitch(option) ? 'none' : (option.choices?.map(String) ?? (option.metavar === 'FILE' ? 'file' : 'any')),
      isRepeatable: option.array === true,
    }))
}

/** A word for a shell to take as it is. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
