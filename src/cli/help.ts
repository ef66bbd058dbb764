import type { Command, OptionSpec, OptionSpecs } from './command.ts'
import { allOptions } from './common-options.ts'
import { exitStatuses } from './exit-status.ts'
import { verbOf } from './suite.ts'
import { isOnSwitch, isSwitch, spellings } from './words.ts'
import { wrap } from './wrap.ts'

const columns = 80
const textColumn = 26

/** What `--help` writes. */
export function helpText(command: Command): string {
  const usage = command.synopsis.map((form, index) => `${index === 0 ? 'usage:' : '      '} ${command.name} ${form}`)
  const positionals = Object.entries(command.positionals).map(([name, { describe }]) => row(name, describe))
  const sections = [
    usage.join('\n'),
    command.summary,
    ...(positionals.length > 0 ? [positionals.join('\n')] : []),
    ...verbTable(command),
    ...optionGroups(allOptions(command)).map(([title, options]) => `${title}:\n${options.map(optionRow).join('\n')}`),
    `Examples:\n${command.examples.map(([line, what]) => `  ${line}\n      ${what}`).join('\n')}`,
    `Exit status:\n${exitStatuses.map(([status, meaning]) => row(status, meaning)).join('\n')}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function verbTable({ verbs }: Command): readonly string[] {
  if (verbs === undefined) return []
  return [`Verbs:\n${verbs.map((verb) => row(verbOf(verb), verb.summary)).join('\n')}`]
}

/** Options in the groups they name, in order of declaration; those that name none are first. */
export function optionGroups(
  options: OptionSpecs,
): readonly (readonly [title: string, readonly [string, OptionSpec][]])[] {
  const groups = new Map<string, [string, OptionSpec][]>([['Options', []]])
  for (const [name, option] of Object.entries(options)) {
    if (!isShown(option)) continue
    const title = option.group?.replace(/:$/, '') ?? 'Options'
    groups.set(title, [...(groups.get(title) ?? []), [name, option]])
  }
  return [...groups].filter(([, members]) => members.length > 0)
}

/** False for what no user writes on a command line. */
export function isShown(option: OptionSpec): boolean {
  return option.hidden !== true && option.flag !== false
}

/** `SIZE`, `auto|zfs|bytes`; undefined for a switch. */
export function valueName(option: OptionSpec): string | undefined {
  if (isSwitch(option)) return undefined
  return option.metavar ?? option.choices?.join('|') ?? 'VALUE'
}

/** What holds if the option is not given, where that is worth telling. */
export function defaultText(option: OptionSpec): string | undefined {
  if (option.defaultDescription !== undefined) return option.defaultDescription
  const isTold = option.default !== undefined && !isSwitch(option) && !Array.isArray(option.default)
  return isTold ? String(option.default) : undefined
}

function optionRow([name, option]: readonly [string, OptionSpec]): string {
  const forms = isOnSwitch(option) ? [`--[no-]${name}`] : spellings(name, option)
  const value = valueName(option)
  const byDefault = isOnSwitch(option) ? 'yes' : defaultText(option)
  const notes = [
    ...(byDefault === undefined ? [] : [`default: ${byDefault}`]),
    ...(option.setting === undefined ? [] : [`setting: ${option.setting}`]),
  ]
  const text = notes.length > 0 ? `${option.describe} (${notes.join(', ')})` : option.describe
  return row(value === undefined ? forms.join(', ') : `${forms.join(', ')} ${value}`, text)
}

/** A term and its text beside it; below it, if the term is long. */
function row(term: string, text: string): string {
  const indent = ' '.repeat(textColumn)
  const lines = wrap(text, columns - textColumn).map((line) => indent + line)
  if (term.length > textColumn - 4) return [`  ${term}`, ...lines].join('\n')
  return [`  ${term}`.padEnd(textColumn) + lines.join('\n').trimStart()].join('\n')
}
