import type { Calendar } from './calendar.ts'
import type { PeriodRule } from './retention-policy.ts'

/** An hour, day, ISO week (from Monday), month or year of a calendar. */
export interface Period {
  /** Equal for two instants in the same period, and in no other. */
  readonly key: (instantMs: number) => number
  /** Its name, for people: `2026-11-21 05h`, `2026-11-21`, `2026-W47`, `2026-11`, `2026`. */
  readonly name: (instantMs: number) => string
}

const [hourMs, dayMs] = [3_600_000, 86_400_000]

export function periodOf(rule: PeriodRule, calendar: Calendar): Period {
  const wallMs = (instantMs: number) => instantMs + calendar.offsetMsAt(instantMs)
  const wallClock = (instantMs: number) => new Date(wallMs(instantMs))
  const local = (write: (wall: Date) => string) => (instantMs: number) => write(wallClock(instantMs))
  const iso = (length: number) => local((wall) => wall.toISOString().slice(0, length))
  const dayAt = (instantMs: number) => Math.floor(wallMs(instantMs) / dayMs)
  const periods: Readonly<Record<PeriodRule, Period>> = {
    // The instant at which it began: where clocks are set back, an hour comes twice by the wall, and is two hours.
    hourly: {
      key: (instantMs) => instantMs - modulo(wallMs(instantMs), hourMs),
      name: local((wall) => `${wall.toISOString().slice(0, 13).replace('T', ' ')}h`),
    },
    daily: { key: dayAt, name: iso(10) },
    weekly: { key: (instantMs) => weekOf(dayAt(instantMs)), name: (instantMs) => weekName(weekOf(dayAt(instantMs))) },
    monthly: {
      key: (instantMs) => wallClock(instantMs).getUTCFullYear() * 12 + wallClock(instantMs).getUTCMonth(),
      name: iso(7),
    },
    yearly: { key: (instantMs) => wallClock(instantMs).getUTCFullYear(), name: iso(4) },
  }
  return periods[rule]
}

function modulo(dividend: number, divisor: number): number {
  return ((dividend % divisor) + divisor) % divisor
}

/** The first day of 1970 was a Thursday. */
function weekOf(day: number): number {
  return Math.floor((day + 3) / 7)
}

/** ISO 8601: a week belongs to the year that its Thursday is in. */
function weekName(week: number): string {
  const thursday = new Date(week * 7 * dayMs)
  const firstOfYear = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const number = Math.floor((thursday.getTime() - firstOfYear) / (7 * dayMs)) + 1
  return `${thursday.getUTCFullYear()}-W${String(number).padStart(2, '0')}`
}
