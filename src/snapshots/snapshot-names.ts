import { Failure } from '../errors.ts'
import { openCalendar } from './calendar.ts'
import { compilePattern, type NamePattern } from './name-pattern.ts'
import { classAt } from './snapshot-class.ts'

/** How snapshots are called. */
export interface NameStyle {
  /** The word before the time, where no format is given. */
  readonly prefix: string
  /** A strftime(3) pattern, instead of prefix and time. */
  readonly format?: string | undefined
  readonly label?: string | undefined
  /** Ends names in a class: `_D` for the first of a day, `_H` of an hour, `_M` of a minute, `_S` for all others. */
  readonly hasClass?: boolean | undefined
  /** Whose clock a format tells, by IANA name; UTC if not given. */
  readonly timeZone?: string | undefined
}

export interface SnapshotNames {
  /** The name for this instant, without dataset; what class it is of depends on the names that are there. */
  nameAt(instant: Date, others: Iterable<string>): string
}

/** `P-YYYYMMDDTHHMMSSZ[-label]`, or as a format spells it. Throws 'usage' for what ZFS would refuse. */
export function openSnapshotNames({ prefix, format, label, hasClass, timeZone }: NameStyle): SnapshotNames {
  const pattern = format === undefined ? ownPattern(prefix) : formatPattern(format, timeZone)
  const suffix = label === undefined ? '' : `-${checkedWord('label', label)}`
  if (!hasClass) return { nameAt: (instant) => `${pattern.nameAt(instant)}${suffix}` }
  if (!pattern.tellsMinutes)
    throw new Failure('usage', `name format '${format}' does not tell the minute, and a class is made of it`)
  return {
    nameAt(instant, others) {
      const name = pattern.nameAt(instant)
      const now = pattern.wallClockOf(name) ?? instant
      return `${name}${suffix}_${classAt(now, newestUntil(now, timesOf(others, pattern, suffix)))}`
    },
  }
}

/** Says of a snapshot's name, without dataset, whether it was made here: with this prefix and a time. */
export function openOwnNames(prefix: string): (name: string) => boolean {
  const pattern = ownPattern(prefix)
  const stemLength = pattern.nameAt(new Date(0)).length
  return (name) => {
    const [stem, rest] = [name.slice(0, stemLength), name.slice(stemLength)]
    return /^(-.+|_[SMHD])?$/.test(rest) && pattern.wallClockOf(stem) !== undefined
  }
}

function ownPattern(prefix: string): NamePattern {
  return compilePattern(`${checkedWord('prefix', prefix)}-%Y%m%dT%H%M%SZ`, openCalendar())
}

function formatPattern(format: string, timeZone: string | undefined): NamePattern {
  const pattern = compilePattern(format, openCalendar(timeZone))
  checkedWord('name', pattern.nameAt(new Date(0)))
  return pattern
}

/** The letters that ZFS allows in a name. */
function checkedWord(what: string, word: string): string {
  if (word === '') throw new Failure('usage', `the snapshot ${what} is empty`)
  const [wrong] = /[^\w.: -]/.exec(word) ?? []
  if (wrong === undefined) return word
  const hint = 'letters, digits, spaces, dots, dashes, colons and underscores make a name'
  throw new Failure('usage', `snapshot ${what} '${word}': ZFS allows no '${wrong}' in it`, { hint })
}

function* timesOf(names: Iterable<string>, pattern: NamePattern, suffix: string): Iterable<Date> {
  for (const name of names) {
    const stem = name.slice(0, -suffix.length - 2)
    if (!/^_[SMHD]$/.test(name.slice(-2)) || name !== `${stem}${suffix}${name.slice(-2)}`) continue
    const wall = pattern.wallClockOf(stem)
    if (wall !== undefined) yield wall
  }
}

/** A time to come is a clock's error, and nothing to compare with. */
function newestUntil(now: Date, times: Iterable<Date>): Date | undefined {
  let newest: Date | undefined
  for (const time of times) if (time <= now && (newest === undefined || time > newest)) newest = time
  return newest
}
