import type { Command } from '../command.ts'
import { type CompletedOption, completedOptions } from './completed-options.ts'

/** For `pput --completion fish | source`, or a file in ~/.config/fish/completions. */
export function fishCompletion(command: Command): string {
  const lines = completedOptions(command).map((option) => `complete -c ${command.name} ${argumentsFor(option)}`)
  return `# fish completion for ${command.name}\n${lines.join('\n')}\n`
}

function argumentsFor({ spellings, describe, value }: CompletedOption): string {
  const names = spellings.map((each) => (each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`))
  const needs = { none: '', file: ' -r -F', any: ' -x' }
  const values = typeof value === 'string' ? needs[value] : ` -x -a ${fishQuoted(value.join(' '))}`
  return `${names.join(' ')}${values} -d ${fishQuoted(describe)}`
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
