import { Failure } from '../errors.ts'
import type { Command, OptionSpec, OptionSpecs } from './command.ts'
import type { SettingValue } from './settings.ts'
import { parseValues, type Written } from './values.ts'
import { spellings, type Words } from './words.ts'

/** What `run` gets, by name. */
export type ParsedArguments = Readonly<Record<string, unknown>>

/** Makes typed arguments of words and settings, or throws 'usage' (a bad word) or 'configuration' (a bad setting). */
export async function parseArguments(
  command: Command,
  options: OptionSpecs,
  words: Words,
  settings: ReadonlyMap<string, SettingValue>,
): Promise<ParsedArguments> {
  refuseConflicts(options, words)
  const written = gather(options, words, settings)
  const values = await parseValues(command, options, written)
  return { ...values, ...namePositionals(command, words.positionals), command: words.command }
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

function namePositionals(command: Command, values: readonly string[]): ParsedArguments {
  const specs = Object.entries(command.positionals)
  const isOpen = specs.at(-1)?.[1].many === true
  const extra = values[specs.length]
  if (extra !== undefined && !isOpen) throw new Failure('usage', `unexpected argument '${extra}'`)
  for (const [index, [name, spec]] of specs.entries()) {
    if (spec.optional !== true && values[index] === undefined) throw new Failure('usage', `${name} is missing`)
  }
  return Object.fromEntries(
    specs.map(([name, { many }], index) => [name, many === true ? values.slice(index) : values[index]]),
  )
}
