import { Failure } from '../errors.ts'

/** Turns instants into what the clock on the wall shows in one time zone. */
export interface Calendar {
  /**
   * Milliseconds from UTC to the wall clock at this instant, such as 3,600,000 in Berlin's winter. What is added to an
   * instant gives a Date whose UTC fields are those of the wall clock.
   */
  offsetMsAt(instantMs: number): number
}

const dayMs = 86_400_000

/** The calendar of an IANA time zone, such as `Europe/Berlin`. Throws 'usage' for one that is not known. */
export function openCalendar(timeZone = 'UTC'): Calendar {
  const formatter = formatterFor(timeZone)
  if (formatter.resolvedOptions().timeZone === 'UTC') return { offsetMsAt: () => 0 }
  return new ZoneCalendar(formatter)
}

/**
 * The formatter takes microseconds for each instant, too long for hundreds of thousands of them. An offset that is the
 * same at both ends of a day holds all day: no zone has ever changed its clocks and changed them back within one.
 */
class ZoneCalendar implements Calendar {
  readonly #formatter: Intl.DateTimeFormat
  readonly #atMidnight = new Map<number, number>()

  constructor(formatter: Intl.DateTimeFormat) {
    this.#formatter = formatter
  }

  offsetMsAt(instantMs: number): number {
    const day = Math.floor(instantMs / dayMs)
    const offsetMs = this.#midnight(day)
    return offsetMs === this.#midnight(day + 1) ? offsetMs : this.#measure(instantMs)
  }

  #midnight(day: number): number {
    const known = this.#atMidnight.get(day)
    if (known !== undefined) return known
    const offsetMs = this.#measure(day * dayMs)
    this.#atMidnight.set(day, offsetMs)
    return offsetMs
  }

  #measure(instantMs: number): number {
    const field: Record<string, number> = {}
    for (const { type, value } of this.#formatter.formatToParts(instantMs)) field[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instantMs / 1000) * 1000
  }
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const [number, twoDigits] = ['numeric', '2-digit'] as const
  const date = { year: number, month: twoDigits, day: twoDigits }
  const time = { hour: twoDigits, minute: twoDigits, second: twoDigits, hourCycle: 'h23' as const }
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', ...date, ...time })
  } catch (cause) {
    const hint = 'zones have names like UTC, Europe/Berlin or America/New_York'
    throw new Failure('usage', `'${timeZone}' is no time zone`, { hint, cause })
  }
}
