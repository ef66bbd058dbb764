import { Failure } from '../errors.ts'

// Only for options that have no default: one that is given must be told from none.

/** What means nothing without another option is not silently ignored. */
export function expectWith(option: string, isGiven: boolean, args: object, names: readonly string[]): void {
  if (isGiven) return
  const found = foundIn(args, names)
  if (found !== undefined) throw new Failure('usage', `--${found} is for ${option}`)
}

/** Nor is what means nothing beside another option. */
export function expectAlone(args: object, option: string, names: readonly string[]): void {
  const found = foundIn(args, names)
  if (found !== undefined) throw new Failure('usage', `--${found} is not for ${option}`)
}

function foundIn(args: object, names: readonly string[]): string | undefined {
  return names.find((name) => isGiven((args as Record<string, unknown>)[name]))
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
}

/** What another option needs. */
export function given<T>(value: T | undefined, name: string, option: string): T {
  if (value !== undefined) return value
  throw new Failure('usage', `${option} needs --${name}`)
}
