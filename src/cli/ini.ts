import { Failure } from '../errors.ts'

export interface IniEntry {
  /** Upper case: keys differ in nothing else. */
  readonly key: string
  readonly value: string
  /** Counted from 1. */
  readonly line: number
}

/** Entries by section, in the order of the file. */
export type Ini = ReadonlyMap<string, readonly IniEntry[]>

/**
 * Reads INI as Python's ConfigParser writes it: `key = value` or `key: value`, comments on lines of their own after `#` or `;`,
 * indented lines continue a value, `%%` is a percent sign and `%(key)s` another value of the section or of [DEFAULT].
 * Throws 'configuration' with file and line.
 */
export function parseIni(text: string, file: string): Ini {
  const sections = new Map<string, IniEntry[]>()
  let section: IniEntry[] | undefined
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const at = `${file}:${index + 1}`
    if (/^\s*([#;]|$)/.test(line)) continue
    const header = /^\[([^\]]+)\]\s*$/.exec(line)?.[1]
    if (header !== undefined) {
      section = sections.get(header) ?? []
      sections.set(header, section)
    } else if (section === undefined)
      throw new Failure('configuration', `${at}: '${line.trim()}' stands in no [section]`)
    else if (/^\s/.test(line) && section.length > 0) continueLast(section, line)
    else section.push(parseEntry(line, index + 1, at, section))
  }
  for (const entries of sections.values()) interpolate(entries, sections.get('DEFAULT') ?? [], file)
  return sections
}

function parseEntry(line: string, number: number, at: string, section: readonly IniEntry[]): IniEntry {
  const [, name, value = ''] = /^\s*([^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
  if (!name) throw new Failure('configuration', `${at}: '${line.trim()}' is neither 'key = value' nor '[section]'`)
  const key = name.toUpperCase()
  const before = section.find((entry) => entry.key === key)
  if (before !== undefined) throw new Failure('configuration', `${at}: ${name} is set on line ${before.line} already`)
  return { key, value, line: number }
}

function continueLast(section: IniEntry[], line: string): void {
  const last = section.pop()
  if (last !== undefined) section.push({ ...last, value: `${last.value}\n${line.trim()}` })
}

function interpolate(entries: IniEntry[], defaults: readonly IniEntry[], file: string): void {
  const written = new Map([...defaults, ...entries].map(({ key, value }) => [key, value]))
  for (const [index, entry] of entries.entries()) {
    const value = entry.value.replace(/%(%|\((\w+)\)s)?/g, (_, percent?: string, name?: string) => {
      const meant = percent === '%' ? '%' : written.get(name?.toUpperCase() ?? '')
      if (meant !== undefined) return meant
      const message = `${file}:${entry.line}: ${entry.key}: bad '%'`
      throw new Failure('configuration', message, { hint: "write '%%' for a percent sign" })
    })
    entries[index] = { ...entry, value }
  }
}
