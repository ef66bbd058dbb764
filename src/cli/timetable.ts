import { Failure } from '../errors.ts'
import type { OptionSpec } from './command.ts'
import { parseRate } from './units.ts'

/** Bytes a second at a time, by the clock of this machine; Infinity is no limit. */
export type RateAt = (time: Date) => number

export const bandwidthOption = {
  type: 'string',
  metavar: 'RATE',
  coerce: parseBandwidth,
  describe: "read no more than so many bytes a second; or by the time of day, such as '08:00,512K 19:00,off'",
} as const satisfies OptionSpec

/** The rate that is in force when it is asked for. */
export function bandwidthOf(rateAt: RateAt): () => number {
  return () => rateAt(new Date())
}

interface Entry {
  /** Minutes since midnight on Sunday. */
  readonly minute: number
  readonly rate: number
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const minutesADay = 24 * 60

/**
 * A rate, `10M` or `off`, or a timetable as rclone writes it: `08:00,512K 19:00,10M 23:00,off`, each entry in force until
 * the next one, round the clock; `Mon-08:00,512K` is for one day of the week. Throws 'usage'.
 */
export function parseBandwidth(text: string): RateAt {
  const words = text.trim().split(/\s+/)
  if (words.length === 1 && !text.includes(',')) {
    const rate = parseLimit(text)
    return () => rate
  }
  const entries = words.flatMap(parseEntry).toSorted((a, b) => a.minute - b.minute)
  return (time) => {
    const minute = time.getDay() * minutesADay + time.getHours() * 60 + time.getMinutes()
    const inForce = entries.findLast((entry) => entry.minute <= minute) ?? entries.at(-1)
    return inForce?.rate ?? Number.POSITIVE_INFINITY
  }
}

function parseLimit(text: string): number {
  return text.toLowerCase() === 'off' ? Number.POSITIVE_INFINITY : parseRate(text)
}

function parseEntry(word: string): Entry[] {
  const [, day, hour = '', minute = '', rate = ''] = /^(?:([a-z]{3})-)?(\d{1,2}):(\d{2}),(.+)$/i.exec(word) ?? []
  const dayNumber = day === undefined ? undefined : days.indexOf(day.toLowerCase())
  if (rate === '' || Number(hour) > 23 || Number(minute) > 59 || dayNumber === -1) {
    throw new Failure('usage', `'${word}' is no entry of a timetable`, {
      hint: 'entries look like 08:00,512K or Mon-19:00,off, with spaces between them',
    })
  }
  const limit = parseLimit(rate)
  const ofDay = Number(hour) * 60 + Number(minute)
  const on = dayNumber === undefined ? days.map((_, index) => index) : [dayNumber]
  return on.map((each) => ({ minute: each * minutesADay + ofDay, rate: limit }))
}
