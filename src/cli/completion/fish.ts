import type { Command } from '../command.ts'
import { verbOf } from '../suite.ts'
import { completedNames } from './completed-names.ts'
import { type CompletedOption, completedOptions } from './completed-options.ts'

/** For `pput --completion fish | source`, or a file in ~/.config/fish/completions. */
export function fishCompletion(program: Command): string {
  const lines = program.verbs === undefined ? commandLines(program, '') : program.verbs.flatMap(verbLines)
  return `# fish completion for ${program.name}\n${lines.map((line) => `complete -c ${program.name} ${line}`).join('\n')}\n`
}

function verbLines(verb: Command): readonly string[] {
  const name = verbOf(verb)
  return [
    `-n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(verb.summary)}`,
    ...commandLines(verb, `-n '__fish_seen_subcommand_from ${name}' `),
  ]
}

function commandLines(command: Command, condition: string): readonly string[] {
  const names = completedNames(command)
  return [
    ...completedOptions(command).map((option) => condition + argumentsFor(option)),
    ...(names === undefined ? [] : [`${condition}-f -a ${fishQuoted(`(${names})`)}`]),
  ]
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
