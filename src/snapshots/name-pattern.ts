import { Failure } from '../errors.ts'
import type { Calendar } from './calendar.ts'

/** Names that tell a time, as a strftime(3) pattern spells them: `%y%m%d-%H%M%S` makes 261121-053251. */
export interface NamePattern {
  nameAt(instant: Date): string
  /**
   * What the wall clock showed, in the UTC fields of a Date; undefined for a name that this pattern does not make. A
   * leap second, 60, is the second that follows it. Fields that the pattern does not tell are those of 1970's start.
   */
  wallClockOf(name: string): Date | undefined
  /** Whether names tell year, month, day, hour and minute. */
  readonly tellsMinutes: boolean
}

/** Throws 'usage' for a conversion that is not known here. */
export function compilePattern(text: string, calendar: Calendar): NamePattern {
  const words = text.replaceAll('%F', '%Y-%m-%d').match(/%.?|[^%]+/gs) ?? []
  const parts = words.map((word) => (word.startsWith('%') ? conversionOf(word, text) : word))
  const told = parts.filter((part) => typeof part !== 'string')
  const shape = new RegExp(`^${parts.map(shapeOf).join('')}$`)
  return {
    nameAt(instant) {
      const wall = new Date(instant.getTime() + calendar.offsetMsAt(instant.getTime()))
      return parts.map((part) => (typeof part === 'string' ? part : digitsOf(part, wall))).join('')
    },
    wallClockOf(name) {
      const match = shape.exec(name)
      return match === null ? undefined : wallClock(told, match.slice(1))
    },
    tellsMinutes: fields.slice(0, 5).every((field) => told.some((part) => part.field === field)),
  }
}

const fields = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const

interface Conversion {
  readonly field: (typeof fields)[number]
  readonly digits: number
  readonly of: (wall: Date) => number
}

const conversions: Readonly<Record<string, Conversion>> = {
  '%Y': { field: 'year', digits: 4, of: (wall) => wall.getUTCFullYear() },
  '%y': { field: 'year', digits: 2, of: (wall) => wall.getUTCFullYear() % 100 },
  '%m': { field: 'month', digits: 2, of: (wall) => wall.getUTCMonth() + 1 },
  '%d': { field: 'day', digits: 2, of: (wall) => wall.getUTCDate() },
  '%H': { field: 'hour', digits: 2, of: (wall) => wall.getUTCHours() },
  '%M': { field: 'minute', digits: 2, of: (wall) => wall.getUTCMinutes() },
  '%S': { field: 'second', digits: 2, of: (wall) => wall.getUTCSeconds() },
}

function conversionOf(word: string, text: string): Conversion {
  const conversion = conversions[word]
  if (conversion !== undefined) return conversion
  const hint = `there are ${Object.keys(conversions).join(' ')} and %F`
  throw new Failure('usage', `name format '${text}': ${word} is not known`, { hint })
}

function shapeOf(part: Conversion | string): string {
  return typeof part === 'string' ? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : `(\\d{${part.digits}})`
}

function digitsOf({ digits, of }: Conversion, wall: Date): string {
  return String(of(wall)).padStart(digits, '0')
}

function wallClock(told: readonly Conversion[], written: readonly string[]): Date | undefined {
  const values = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 }
  for (const [index, { field, digits }] of told.entries()) {
    values[field] = Number(written[index]) + (field === 'year' && digits === 2 ? 2000 : 0)
  }
  const { year, month, day, hour, minute, second } = values
  const isLeap = second === 60 && minute === 59
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, isLeap ? 59 : second))
  const isReal = wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day && wall.getUTCHours() === hour
  if (!isReal || wall.getUTCMinutes() !== minute) return undefined
  return isLeap ? new Date(wall.getTime() + 1000) : wall
}
