import { type Markup, markup } from './markup.ts'
import type { ReportPolicy, ReportWords } from './page.ts'
import { percent } from './time-scale.ts'

/** How old the newest good backup is, against what it may be. */
export function ageBar(ageMs: number | undefined, policy: ReportPolicy, words: ReportWords): Markup {
  if (ageMs === undefined) return markup`<span class="none">no good backup</span>`
  const { warnAgeMs, critAgeMs } = policy
  const most = Math.max(critAgeMs * 1.5, ageMs * 1.05, 1)
  const zone = (kind: string, from: number, to: number) =>
    markup`<rect class="${kind}" x="${percent(from / most)}" width="${percent(Math.max(0, to - from) / most)}" y="7" height="6"/>`
  const zones = [
    zone('ok', 0, warnAgeMs),
    zone('warning', warnAgeMs, Math.max(warnAgeMs, critAgeMs)),
    zone('critical', Math.max(warnAgeMs, critAgeMs), most),
  ]
  const said = `${words.formatDuration(ageMs)} old; warning from ${words.formatDuration(warnAgeMs)}, critical from ${words.formatDuration(critAgeMs)}`
  return markup`<svg class="age" width="100%" height="16" role="img" aria-label="${said}"><title>${said}</title>${zones}<use href="#age" x="${percent(ageMs / most)}" y="1"/></svg>`
}
