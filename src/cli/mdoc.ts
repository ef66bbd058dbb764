import type { Command, OptionSpec, OptionSpecs } from './command.ts'
import { allOptions } from './common-options.ts'
import { exitStatuses } from './exit-status.ts'
import { defaultText, isShown, optionGroups } from './help.ts'
import { variablesOf } from './settings.ts'
import { verbOf } from './suite.ts'
import { isSwitch, spellings } from './words.ts'
import { wrap } from './wrap.ts'

/** The parts of a man page that come from the declaration, by the name of their section. */
export function generatedSections(command: Command): Readonly<Record<string, string>> {
  const commands = command.verbs ?? [command]
  return {
    SYNOPSIS: commands.flatMap(synopses).join('\n'),
    OPTIONS: command.verbs === undefined ? optionList(allOptions(command)) : verbOptions(command, command.verbs),
    ENVIRONMENT: tagList(environment(Object.assign({}, ...commands.map(allOptions)))),
    'EXIT STATUS': tagList(exitStatuses.map(([status, meaning]) => [plain(status), sentence(meaning)])),
  }
}

/** Text for a line of mdoc: nothing in it is taken for a macro or an escape. */
export function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replace(/^[.']/, '\\&$&')
}

/** A full sentence, on lines of its own, as mdoc wants it. A value that it begins with keeps its case: `auto: …`. */
function sentence(text: string): string {
  const full = /^\S+:/.test(text) ? `${text}.` : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  return wrap(full, 78).map(plain).join('\n')
}

/** Words after a macro: one that looks like a macro or a delimiter is kept from being one. */
function argument(word: string): string {
  const escaped = word.replaceAll('\\', '\\e')
  return /^([A-Z][a-z]|[.,:;()[\]?!|])$/.test(word) || /^%[A-Z]$/.test(word) ? `\\&${escaped}` : escaped
}

/** `[options] key -- command [argument ...]` */
function synopses(command: Command): readonly string[] {
  const [, verb] = command.name.split(' ')
  const start = verb === undefined ? ['.Nm'] : ['.Nm', `.Cm ${argument(verb)}`]
  return command.synopsis.map((form) => {
    const words = form.match(/\[[^\]]*\]|\S+/g) ?? []
    return [...start, ...words.map(synopsisWord)].join('\n')
  })
}

function synopsisWord(word: string): string {
  const optional = /^\[(.*)\]$/.exec(word)?.[1]
  if (optional !== undefined) return `.Op ${optional.split(' ').map(synopsisMacro).join(' ')}`
  return `.${synopsisMacro(word)}`
}

function synopsisMacro(word: string): string {
  if (word === '--') return 'Fl Fl'
  if (word.startsWith('--')) return `Fl Fl ${argument(word.slice(2))}`
  if (word.startsWith('-')) return `Fl ${argument(word.slice(1))}`
  return `Ar ${argument(word)}`
}

function optionList(options: OptionSpecs): string {
  return optionGroups(options).map(optionGroup).join('\n')
}

/** What belongs to one verb alone, verb by verb; then what several share, and what all have. */
function verbOptions(suite: Command, verbs: readonly Command[]): string {
  const shared = sharedOptions(verbs)
  const own = verbs.flatMap((verb) => {
    const rest = Object.entries(verb.options).filter(([name, option]) => shared[name] !== option && isShown(option))
    return rest.length === 0 ? [] : [`.Ss ${plain(verb.name)}`, tagList(rest.map(optionItem))]
  })
  const named = Object.entries(shared).map(([name, option]) => [name, withUsers(option, verbs, name)] as const)
  const others = { ...Object.fromEntries(named), ...allOptions(suite) }
  return [...own, '.Ss Options of several verbs', optionList(others)].join('\n')
}

function sharedOptions(verbs: readonly Command[]): OptionSpecs {
  const options = verbs.flatMap((verb) => Object.entries(verb.options))
  const isSecond = ([name, option]: readonly [string, OptionSpec], index: number) =>
    options.findIndex(([other, spec]) => other === name && spec === option) < index
  return Object.fromEntries(options.filter(isSecond))
}

/** What an option says of itself, and the verbs that have it, unless all do. */
function withUsers(option: OptionSpec, verbs: readonly Command[], name: string): OptionSpec {
  const users = verbs.filter((verb) => verb.options[name] === option)
  if (users.length === verbs.length) return option
  return { ...option, describe: `${option.describe} (${users.map(verbOf).join(', ')})` }
}

function optionGroup([title, options]: readonly [string, readonly [string, OptionSpec][]]): string {
  const list = tagList(options.map(optionItem))
  return title === 'Options' ? list : `.Ss ${plain(title)}\n${list}`
}

function optionItem([name, option]: readonly [string, OptionSpec]): readonly [tag: string, text: string] {
  return [optionTag(name, option), optionText(option)]
}

function tagList(items: readonly (readonly [tag: string, text: string])[]): string {
  return ['.Bl -tag -width Ds', ...items.flatMap(([tag, text]) => [`.It ${tag}`, text]), '.El'].join('\n')
}

/** `Fl s Ar SIZE , Fl Fl part-size Ns = Ns Ar SIZE` */
function optionTag(name: string, option: OptionSpec): string {
  const value = valueMacro(option)
  return spellings(name, option)
    .map((spelling) => {
      if (!spelling.startsWith('--')) return `Fl ${spelling.slice(1)}${value && ` ${value}`}`
      return `Fl Fl ${spelling.slice(2)}${value && ` Ns = Ns ${value}`}`
    })
    .join(' , ')
}

function valueMacro(option: OptionSpec): string {
  if (isSwitch(option)) return ''
  if (option.choices !== undefined) return option.choices.map((choice) => `Cm ${argument(String(choice))}`).join(' | ')
  return `Ar ${argument(option.metavar ?? 'VALUE')}`
}

function optionText(option: OptionSpec): string {
  const byDefault = isSwitch(option) ? (option.default === true ? 'on' : undefined) : defaultText(option)
  return [
    sentence(option.describe),
    ...(byDefault === undefined ? [] : [sentence(`the default is ${byDefault}`)]),
    ...(option.setting === undefined ? [] : [`The setting is\n.Cm ${option.setting} .`]),
  ].join('\n')
}

function environment(options: OptionSpecs): readonly (readonly [tag: string, text: string])[] {
  const settings = Object.entries(options).filter(([, option]) => option.setting !== undefined)
  return [
    ...settings.map(([name, option]) => [variableTag(option), variableText(name, option)] as const),
    ['Ev XDG_CONFIG_HOME', `Where\n.Pa zpipes.conf\nis looked for, instead of\n.Pa ~/.config .`],
  ]
}

function variableTag(option: OptionSpec): string {
  return variablesOf(option)
    .map((variable) => `Ev ${variable}`)
    .join(' , ')
}

function variableText(name: string, option: OptionSpec): string {
  if (option.flag === false) return sentence(option.describe)
  const [own, ...z3] = variablesOf(option)
  const first = z3.length > 0 ? `\nThe first that is set counts, and\n.Ev ${own}\nis first.` : ''
  return `The same as\n.Fl Fl ${name} ,\nwhich is stronger.${first}`
}
