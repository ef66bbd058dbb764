import { Failure } from '../errors.ts'
import type { Command, OptionSpec, OptionSpecs } from './command.ts'

/** A value as it was written, and where: `option --part-size`, `ZPIPES_CHUNK_SIZE` or `/etc/zpipes.conf:4`. */
export interface Written {
  readonly values: readonly string[]
  readonly origin: string
  readonly kind: 'usage' | 'configuration'
}

/**
 * Makes values of what was written, with yargs: their types, the defaults of options that were not written, what is
 * demanded and what implies what. Throws 'usage' for a bad word, 'configuration' for a bad setting.
 */
export async function parseValues(
  command: Command,
  options: OptionSpecs,
  written: ReadonlyMap<string, Written>,
): Promise<Readonly<Record<string, unknown>>> {
  for (const [name, each] of written) checkWritten(options[name], each)
  const values: Record<string, unknown> = {
    ...(await parseWithYargs(command, options, written)),
    ...texts(options, written),
  }
  for (const [name, { coerce }] of Object.entries(options)) {
    if (coerce !== undefined && values[name] !== undefined)
      values[name] = coerced(coerce, values[name], written.get(name))
  }
  return values
}

function checkWritten(option: OptionSpec | undefined, { values, origin, kind }: Written): void {
  for (const value of values) {
    if (option?.choices !== undefined && !option.choices.some((choice) => String(choice) === value)) {
      throw new Failure(kind, `${origin}: '${value}' is none of ${option.choices.join(', ')}`)
    }
    if (option?.metavar === 'DIR' && value === '') throw new Failure(kind, `${origin}: '' names no directory`)
    if (option?.type === 'number' && !/^-?\d+(\.\d+)?$/.test(value)) {
      throw new Failure(kind, `${origin}: '${value}' is not a number`)
    }
    if (option?.type === 'boolean' && value !== 'true' && value !== 'false') {
      throw new Failure(kind, `${origin}: '${value}' is neither true nor false`)
    }
  }
}

/** The values that are no numbers and no switches, as they were written: yargs takes the quotes off those in arrays. */
function texts(options: OptionSpecs, written: ReadonlyMap<string, Written>): Readonly<Record<string, unknown>> {
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
      throw new Failure('usage', message.trim().replace(/\s+/g, ' ').replace(impliedForm, 'option --$1 needs --$2'))
    })
    .parseAsync(words)
  return args
}

/** yargs' messages in our words. Its types don't know that some have a plural. */
const wording = {
  'Missing required argument: %s': { one: 'option --%s is missing', other: 'options are missing: %s' },
  'Implications failed:': 'Implications failed:',
}

const impliedForm = /^Implications failed: (\S+) -> (\S+)$/

/** The words that yargs sees are sorted already; it shall see nothing else in them. */
const asWritten = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'short-option-groups': false,
}

/** The rest is done here: yargs would hide a Failure that coerce throws, and count a default as a conflict. */
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
