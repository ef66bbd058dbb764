import type { Command, OptionSpec, OptionSpecs } from './command.ts'
import { allOptions } from './common-options.ts'
import { exitStatuses } from './exit-status.ts'
import { defaultText, optionGroups } from './help.ts'
import { variablesOf } from './settings.ts'
import { isSwitch, spellings } from './words.ts'
import { wrap } from './wrap.ts'

/** The parts of a man page that come from the declaration, by the name of their section. */
export function generatedSections(command: Command): Readonly<Record<string, string>> {
  const options = allOptions(command)
  return {
    SYNOPSIS: command.synopsis.map(synopsisForm).join('\n'),
    OPTIONS: optionGroups(options).map(optionGroup).join('\n'),
    ENVIRONMENT: tagList(environment(options)),
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
function synopsisForm(form: string): string {
  const words = form.match(/\[[^\]]*\]|\S+/g) ?? []
  return ['.Nm', ...words.map(synopsisWord)].join('\n')
}

function synopsisWord(word: string): string {
  const optional = /^\[(.*)\]$/.exec(word)?.[1]
  if (optional !== undefined) return `.Op ${optional.split(' ').map(synopsisMacro).join(' ')}`
  return `.${synopsisMacro(word)}`
}

function synopsisMacro(word: string): string {
  if (word === '--') return 'Fl Fl'
  if (word.startsWith('-')) return `Fl ${argument(word.slice(1).replaceAll('-', '\\-'))}`
  return `Ar ${argument(word)}`
}

function optionGroup([title, options]: readonly [string, readonly [string, OptionSpec][]]): string {
  const list = tagList(options.map(([name, option]) => [optionTag(name, option), optionText(option)]))
  return title === 'Options' ? list : `.Ss ${plain(title)}\n${list}`
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
