import type { StoredStatus } from './group-chains.ts'
import { type Mark, marksOf, titleOf } from './marks.ts'
import { type Markup, markup } from './markup.ts'
import type { ReportWords } from './page.ts'
import { percent, type TimeScale, timeAxis } from './time-scale.ts'

const top = 18
const bottom = 118
const height = 140

/** A bar for each backup, or for several of one kind at one place. By powers of 1024: beside fulls, nobody would see increments. */
export function sizeChart(stored: readonly StoredStatus[], scale: TimeScale, words: ReportWords): Markup {
  const marks = marksOf(stored, scale).map((mark) => ({ mark, bytes: bytesIn(mark) }))
  const { least, most } = rangeOf(marks.map(({ bytes }) => powerOf(bytes)))
  const yOf = (power: number) => Number((bottom - ((power - least) / (most - least)) * (bottom - top)).toFixed(1))
  const bars = marks.map(({ mark, bytes }) => {
    const [x, y] = [percent(mark.place), yOf(powerOf(bytes))]
    const title = `${titleOf(mark, words)}${mark.snapshots.length > 1 ? `, ${words.formatBytes(bytes)}` : ''}`
    return markup`<line class="bar ${mark.kind}" x1="${x}" x2="${x}" y1="${bottom}" y2="${y}"><title>${title}</title></line>`
  })
  const powers = Array.from({ length: Math.floor(most) - least + 1 }, (_, index) => least + index)
  const grid = powers.map((power) => gridLine(yOf(power), words.formatBytes(1024 ** power)))
  return markup`<svg class="figure" width="100%" height="${height}" role="img" aria-label="stored bytes over time">
${bars}
${grid}
${timeAxis(scale, height - 5)}
</svg>`
}

function gridLine(y: number, text: string): Markup {
  return markup`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="size" x="100%" y="${y - 4}" text-anchor="end">${text}</text>`
}

function bytesIn({ snapshots }: Mark): number {
  return snapshots.reduce((sum, { backup }) => sum + (backup?.object.size ?? 0), 0)
}

function powerOf(bytes: number): number {
  return Math.log(Math.max(1, bytes)) / Math.log(1024)
}

/** From a whole power that none is below to one that none is above, nor near. */
function rangeOf(powers: readonly number[]): { readonly least: number; readonly most: number } {
  const [low, high] = powers.reduce(([a, b], each) => [Math.min(a, each), Math.max(b, each)], [6, 0])
  const least = Math.floor(low)
  return { least, most: Math.max(high + 0.15, least + 1) }
}
