import type { SnapshotStatus } from '../dataset-status.ts'
import type { Chain } from './group-chains.ts'
import { type Mark, marksOf, titleOf, wasFoundGood } from './marks.ts'
import { type Markup, markup } from './markup.ts'
import type { ReportWords } from './page.ts'
import { percent, placeOf, type TimeScale, timeAxis } from './time-scale.ts'

const laneHeight = 36
const axisHeight = 20
const mostLanes = 6
/** Of the width: between two chains in one lane. */
const leastGap = 0.02
const gapLength = 0.03

/** A lane for each chain that others overlap, a mark for each backup, and what is only here in a lane below. */
export function timeline(
  chains: readonly Chain[],
  onlyHere: readonly SnapshotStatus[],
  scale: TimeScale,
  words: ReportWords,
): Markup {
  const lanes = lanesOf(chains, scale)
  const laneCount = Math.max(0, ...lanes.values()) + (chains.length > 0 ? 1 : 0)
  const drawn = chains.map((chain) => drawChain(chain, scale, middleOf(lanes.get(chain) ?? 0), words))
  const here = drawMarks(marksOf(onlyHere, scale), middleOf(laneCount), words)
  const height = (laneCount + (onlyHere.length > 0 ? 1 : 0)) * laneHeight + axisHeight
  return markup`<svg class="figure" width="100%" height="${height}" role="img" aria-label="chains over time">
${drawn}
${here}
${timeAxis(scale, height - 5)}
</svg>`
}

function middleOf(lane: number): number {
  return lane * laneHeight + laneHeight / 2 - 3
}

/** Each chain in the first lane that is free by then; where there are too many, in the one that is free first. */
function lanesOf(chains: readonly Chain[], scale: TimeScale): ReadonlyMap<Chain, number> {
  const ends: number[] = []
  const lanes = new Map<Chain, number>()
  for (const chain of chains) {
    const [start, end] = extentOf(chain, scale)
    const free = ends.findIndex((each) => each + leastGap < start)
    const lane = free >= 0 ? free : ends.length < mostLanes ? ends.length : ends.indexOf(Math.min(...ends))
    ends[lane] = Math.max(ends[lane] ?? 0, end)
    lanes.set(chain, lane)
  }
  return lanes
}

function extentOf({ members }: Chain, scale: TimeScale): readonly [start: number, end: number] {
  const [first, last] = [members[0], members.at(-1)]
  return first === undefined || last === undefined
    ? [0, 0]
    : [placeOf(first.creation, scale), placeOf(last.creation, scale)]
}

function drawChain(chain: Chain, scale: TimeScale, y: number, words: ReportWords): Markup {
  const [start, end] = extentOf(chain, scale)
  const from = chain.isWhole ? start : start - gapLength
  const gap = chain.isWhole
    ? undefined
    : markup`<line class="gap" x1="${percent(from)}" x2="${percent(start)}" y1="${y}" y2="${y}"><title>what comes before is missing</title></line>`
  const line = markup`<line class="chain" x1="${percent(start)}" x2="${percent(end)}" y1="${y}" y2="${y}"/>`
  return markup`<g>${line}${gap}${drawMarks(marksOf(chain.members, scale), y, words)}</g>`
}

function drawMarks(marks: readonly Mark[], y: number, words: ReportWords): readonly Markup[] {
  return marks.map((mark) => {
    const x = percent(mark.place)
    const isGood = wasFoundGood(mark)
    const verified =
      isGood === undefined ? undefined : markup`<use href="#${isGood ? 'good' : 'bad'}" x="${x}" y="${y + 14}"/>`
    return markup`<use href="#${mark.kind}" x="${x}" y="${y}"><title>${titleOf(mark, words)}</title></use>${verified}`
  })
}

/** What marks look like, once in a page. */
export const markShapes = markup`<svg class="shapes" width="0" height="0" aria-hidden="true"><defs>
<g id="full"><rect x="-4" y="-9" width="8" height="18" rx="2"/></g>
<g id="increment"><rect x="-1.5" y="-6" width="3" height="12" rx="1"/></g>
<g id="broken"><path d="M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5"/></g>
<g id="local"><circle r="3.5"/></g>
<g id="good"><path d="M-3 0l2 2.5 4-5"/></g>
<g id="bad"><path d="M-2.5-2.5l5 5m0-5l-5 5"/></g>
<g id="age"><path d="M-5-1h10l-5 8z"/></g>
</defs></svg>`
