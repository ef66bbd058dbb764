import type { OptionSpecs } from './command.ts'

/** The options of a program as words for another that has them too: those that are not at their default. No secrets. */
export function optionWords(options: OptionSpecs, args: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const value = args[name]
    if (option.flag === false || value === undefined || isDefault(option, value)) return []
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`]
    return [value].flat().map((each) => `--${name}=${asWritten(option, each)}`)
  })
}

/** A duration has become milliseconds. */
function asWritten({ metavar }: OptionSpecs[string], value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return metavar === 'DURATION' ? `${value}ms` : String(value)
}

/** A default is text, and the value what coerce has made of it. */
function isDefault({ default: standard, coerce }: OptionSpecs[string], value: unknown): boolean {
  if (standard === undefined) return false
  const made = coerce === undefined ? standard : coerce(standard)
  return Array.isArray(made) && Array.isArray(value) ? made.length === value.length : made === value
}
