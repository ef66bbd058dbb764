import { Failure } from '../errors.ts'

/**
 * A pattern as the shell has it: `*`, `?`, `[a-z]`, `[!a-z]`, and a backslash before what is meant as it stands. One with
 * an `@` is compared with the whole name, dataset@snapshot, one without it with what follows the `@`. Throws 'usage'.
 */
export function compileGlob(glob: string): (name: string) => boolean {
  const words = glob.match(/\\.|\[[!^]?\]?[^\]]*\]|\*+|./g) ?? []
  const shape = regExpOf(glob, `^${words.map(sourceOf).join('')}$`)
  return (name) => shape.test(glob.includes('@') ? name : name.slice(name.indexOf('@') + 1))
}

function sourceOf(word: string): string {
  if (word.startsWith('*')) return '.*'
  if (word === '?') return '.'
  const [, not, letters] = /^\[([!^]?)(.+)\]$/.exec(word) ?? []
  if (letters !== undefined) return `[${not ? '^' : ''}${letters.replace(/[\\\]^[]/g, '\\$&')}]`
  return word.replace(/^\\(?=.)/, '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function regExpOf(glob: string, source: string): RegExp {
  try {
    return new RegExp(source)
  } catch (cause) {
    throw new Failure('usage', `'${glob}' is no pattern`, { cause })
  }
}
