import { Failure } from '../errors.ts'
import type { Command, OptionSpec, OptionSpecs } from './command.ts'
import type { SettingValue } from './settings.ts'
import { spellings, type Words } from './words.ts'

/** What `run` gets, by name. */
export type ParsedArguments = Readonly<Record<string, unknown>>

/** A value as it was written, and where: `option --part-size`, `ZPIPES_CHUNK_SIZE` or `/etc/zpipes.conf:4`. */
interface Written {
  readonly values: readonly string[]
  readonly origin: string
  readonly kind: 'usage' | 'configuration'
}

/** Makes typed arguments of words and settings, or throws 'usage' (a bad word) or 'configuration' (a bad setting). */
export async function parseArguments(
  command: Command,
  options: OptionSpecs,
  words: Words,
  settings: ReadonlyMap<string, SettingValue>,
): Promise<ParsedArguments> {
  refuseConflicts(options, words)
  const written = gather(options, words, settings)
  for (const [name, each] of written) checkWritten(options[name], each)
  const args: Record<string, unknown> = {
    ...(await parseWithYargs(command, options, written)),
    ...texts(options, written),
  }
  for (const [name, { coerce }] of Object.entries(options)) {
    if (coerce !== undefined && args[name] !== undefined) args[name] = coerced(coerce, args[name], written.get(name))
  }
  return { ...args, ...namePositionals(command, words.positionals), command: words.command }
}

/** Only what stands on the command line conflicts: a setting gives way to it, and a default is no wish. */
function refuseConflicts(options: OptionSpecs, { given }: Words): void {
  for (const name of given.keys()) {
    const rival = [options[name]?.conflicts ?? []].flat().find((other) => given.has(String(other)))
    if (rival !== undefined) throw new Failure('usage', `options --${name} and --${rival} exclude each other`)
  }
}

function gather(options: OptionSpecs, { given }: Words, settings: ReadonlyMap<string, SettingValue>) {
  const written = new Map<string, Written>()
  for (const [name, { value, origin }] of settings) {
    if (!isOverruled(options, name, given)) written.set(name, { values: [value], origin, kind: 'configuration' })
  }
  for (const [name, values] of given) {
    written.set(name, { values, origin: `option ${longest(name, options[name])}`, kind: 'usage' })
  }
  return written
}

function isOverruled(options: OptionSpecs, setting: string, given: ReadonlyMap<string, unknown>): boolean {
  const rivalsOf = (name: string) => [options[name]?.conflicts ?? []].flat()
  const isRival = (name: string) => rivalsOf(name).includes(setting) || rivalsOf(setting).includes(name)
  return given.has(setting) || [...given.keys()].some(isRival)
}

function longest(name: string, option: OptionSpec | undefined): string {
  return option === undefined ? name : (spellings(name, option).find((each) => each === `--${name}`) ?? `-${name}`)
}

function checkWritten(option: OptionSpec | undefined, { values, origin, kind }: Written): void {
  for (const value of values) {
    if (option?.choices !== undefined && !option.choices.some((choice) => String(choice) === value)) {
      throw new Failure(kind, `${origin}: '${value}' is none of ${option.choices.join(', ')}`)
    }
    if (option?.type === 'number' && !/^-?\d+(\.\d+)?$/.test(value)) {
      throw new Failure(kind, `${origin}: '${value}' is not a number`)
    }
    if (option?.type === 'boolean' && value !== 'true' && value !== 'false') {
      throw new Failure(kind, `${origin}: '${value}' is neither true nor false`)
    }
  }
}

/** The values that are no numbers and no switches, as they were written: yargs takes the quotes off those in arrays. */
function texts(options: OptionSpecs, written: ReadonlyMap<string, Written>): ParsedArguments {
  const entries = [...written]
    .filter(([name]) => typeOf(options[name]) === 'string')
    .map(([name, { values }]) => [name, options[name]?.array === true ? values : values[0]])
  return Object.fromEntries(entries)
}

function typeOf(option: OptionSpec | undefined): 'string' | 'number' | 'boolean' {
  return option?.type === 'number' || option?.type === 'boolean' ? option.type : 'string'
}

async function parseWithYargs(command: Command, options: OptionSpecs, written: ReadonlyMap<string, Written>) {
  const { default: yargs } = await import('yargs')
  const words = [...written].flatMap(([name, { values }]) => values.map((value) => `--${name}=${value}`))
  const { _, $0, ...args } = await yargs([])
    .scriptName(command.name)
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration(asWritten)
    .updateStrings(wording as object as Record<string, string>)
    .options(Object.fromEntries(Object.entries(options).map(([name, option]) => [name, plain(option)])))
    .fail((message) => {
      throw new Failure('usage', message.trim().replace(/\s+/g, ' '))
    })
    .parseAsync(words)
  return args
}

/** yargs' messages in our words. Its types don't know that some have a plural. */
const wording = {
  'Missing required argument: %s': { one: 'option --%s is missing', other: 'options are missing: %s' },
  'Implications failed:': 'option needs another:',
}

/** The words that yargs sees are sorted already; it shall see nothing else in them. */
const asWritten = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'short-option-groups': false,
}

/** What yargs is to do: types, defaults, what is demanded, what implies what. It would hide a Failure thrown by coerce. */
function plain({ coerce, conflicts, alias, choices, ...option }: OptionSpec) {
  return { ...option, type: typeOf(option) }
}

function coerced(coerce: (value: unknown) => unknown, value: unknown, written: Written | undefined): unknown {
  try {
    return coerce(value)
  } catch (error) {
    if (!(error instanceof Failure) || written === undefined) throw error
    const { message, hint } = error
    throw new Failure(written.kind, `${written.origin}: ${message}`, { ...(hint && { hint }), cause: error })
  }
}

function namePositionals(command: Command, values: readonly string[]): ParsedArguments {
  const specs = Object.entries(command.positionals)
  const extra = values[specs.length]
  if (extra !== undefined) throw new Failure('usage', `unexpected argument '${extra}'`)
  for (const [index, [name, spec]] of specs.entries()) {
    if (spec.optional !== true && values[index] === undefined) throw new Failure('usage', `${name} is missing`)
  }
  return Object.fromEntries(specs.map(([name], index) => [name, values[index]]))
}
