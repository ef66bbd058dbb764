import { Failure } from '../errors.ts'
import { closestWord } from './closest-word.ts'
import { type Command, type OptionSpec, type OptionSpecs, takesCommand } from './command.ts'

/** A command line, sorted: values still as they were written, each option under its long name. */
export interface Words {
  /** The values given for each option; for a switch, 'true' or 'false'. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly positionals: readonly string[]
  /** The words after `--`, where they are a command. */
  readonly command: readonly string[]
}

interface Form {
  readonly name: string
  readonly option: OptionSpec
  /** What the switch is set to by this form; undefined where a value is needed. */
  readonly sets?: 'true' | 'false'
}

/**
 * Sorts words as getopt_long does: `-qv`, `-s64M`, `-s 64M`, `--part-size 64M`, `--part-size=64M`, `--` ends options.
 * Names are exact; a value that begins with a dash and has no blank is written `--name=-value`. Throws 'usage'.
 */
export function sortWords(command: Command, options: OptionSpecs, words: readonly string[]): Words {
  const end = words.indexOf('--')
  const before = end < 0 ? words : words.slice(0, end)
  const after = end < 0 ? [] : words.slice(end + 1)
  const { given, positionals } = new Sorter(options, before)
  if (!takesCommand(command)) return { given, positionals: [...positionals, ...after], command: [] }
  if (end >= 0 && after.length === 0) throw new Failure('usage', 'there is no command after --')
  return { given, positionals, command: after }
}

class Sorter {
  readonly given = new Map<string, readonly string[]>()
  readonly positionals: string[] = []
  readonly #forms: ReadonlyMap<string, Form>
  readonly #words: readonly string[]
  #at = 0

  constructor(options: OptionSpecs, words: readonly string[]) {
    this.#forms = formsOf(options)
    this.#words = words
    for (; this.#at < words.length; this.#at += 1) this.#sort(words[this.#at] ?? '')
  }

  #sort(word: string): void {
    if (word.startsWith('--')) this.#take(...splitLong(word))
    else if (word.startsWith('-') && word.length > 1) this.#takeCluster(word)
    else this.positionals.push(word)
  }

  /** `-qs64M`: switches up to the first letter that takes a value; the rest of the word is that value. */
  #takeCluster(word: string): void {
    for (let at = 1; at < word.length; at += 1) {
      const form = this.#forms.get(`-${word[at]}`)
      const takesRest = form !== undefined && form.sets === undefined
      this.#take(`-${word[at]}`, takesRest ? word.slice(at + 1) || undefined : undefined)
      if (takesRest) return
    }
  }

  #take(written: string, attached: string | undefined): void {
    const form = this.#forms.get(written)
    if (form === undefined) {
      const meant = closestWord(
        written,
        [...this.#forms.keys()].filter((each) => each.startsWith('--')),
      )
      throw new Failure('usage', `unknown option ${written}`, meant === undefined ? {} : { hint: `${meant} is one` })
    }
    if (form.sets === undefined) this.#add(form, written, attached ?? this.#nextValue(written))
    else if (attached === undefined) this.given.set(form.name, [form.sets])
    else throw new Failure('usage', `option ${written} takes no value`)
  }

  #add({ name, option }: Form, written: string, value: string): void {
    const before = this.given.get(name) ?? []
    if (before.length > 0 && option.array !== true) {
      throw new Failure('usage', `option ${written} is given twice: '${before[0]}' and '${value}'`)
    }
    this.given.set(name, [...before, value])
  }

  #nextValue(written: string): string {
    this.#at += 1
    const value = this.#words[this.#at]
    // Flags for another program, such as '-w -L', are one word with blanks: no option of ours.
    if (value !== undefined && !/^-\S+$/.test(value)) return value
    const isMeant = value !== undefined && written.startsWith('--')
    const hint = isMeant ? { hint: `a value that begins with - is written ${written}=${value}` } : {}
    throw new Failure('usage', `option ${written} needs a value`, hint)
  }
}

/** How an option may be written, shortest first: `-s`, `--part-size`, `--chunk-size`. A switch that is on is turned off by `--no-`. */
export function spellings(name: string, option: OptionSpec): readonly string[] {
  const names = [name, ...[option.alias ?? []].flat()]
  const short = names.filter((each) => each.length === 1).map((each) => `-${each}`)
  const long = names.filter((each) => each.length > 1).map((each) => `--${each}`)
  return [...short, ...long, ...(isOnSwitch(option) ? [`--no-${name}`] : [])]
}

export function isSwitch(option: OptionSpec): boolean {
  return option.type === 'boolean'
}

/** A switch that is on by itself: the form that matters is `--no-NAME`. */
export function isOnSwitch(option: OptionSpec): boolean {
  return isSwitch(option) && option.default === true
}

function formsOf(options: OptionSpecs): ReadonlyMap<string, Form> {
  const forms = new Map<string, Form>()
  for (const [name, option] of Object.entries(options)) {
    if (option.flag === false) continue
    for (const written of spellings(name, option)) {
      const isOff = isOnSwitch(option) && written === `--no-${name}`
      forms.set(written, isSwitch(option) ? { name, option, sets: isOff ? 'false' : 'true' } : { name, option })
    }
  }
  return forms
}

/** `--part-size=64M` is split at the first `=` alone, so that `--meta=a=b=c` keeps its value whole. */
function splitLong(word: string): [written: string, attached: string | undefined] {
  const equals = word.indexOf('=')
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)]
}
