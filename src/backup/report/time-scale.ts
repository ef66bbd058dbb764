import { type Markup, markup } from './markup.ts'

/** The time that a figure shows, from its left edge to its right. */
export interface TimeScale {
  readonly from: number
  readonly to: number
}

const hourMs = 3_600_000

/** Up to now, so that a backup that failed to come is seen as well; a clock that is wrong may have made one later. */
export function timeScaleOf(times: readonly Date[], now: Date): TimeScale {
  const [from, to] = times.reduce(
    ([least, most], time) => [Math.min(least, time.getTime()), Math.max(most, time.getTime())],
    [now.getTime(), now.getTime()],
  )
  return { from: Math.min(from, to - hourMs), to }
}

/** 0 at the left edge, 1 at the right. */
export function placeOf(time: Date, { from, to }: TimeScale): number {
  return (time.getTime() - from) / (to - from)
}

/** A length that grows with the figure. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`
}

const ticks = [
  [0, 'start'],
  [1 / 3, 'middle'],
  [2 / 3, 'middle'],
  [1, 'end'],
] as const

/** Four instants in UTC, at this height. */
export function timeAxis({ from, to }: TimeScale, y: number): Markup {
  const isShort = to - from < 72 * hourMs
  const textOf = (place: number) => {
    const time = new Date(from + place * (to - from)).toISOString()
    return isShort ? time.slice(5, 16).replace('T', ' ') : time.slice(0, 10)
  }
  const texts = ticks.map(
    ([place, anchor]) => markup`<text x="${percent(place)}" y="${y}" text-anchor="${anchor}">${textOf(place)}</text>`,
  )
  return markup`<g class="axis">${texts}</g>`
}
