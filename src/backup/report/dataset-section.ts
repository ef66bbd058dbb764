import type { DatasetStatus } from '../dataset-status.ts'
import { groupChains, type StoredStatus } from './group-chains.ts'
import { afterAt } from './marks.ts'
import { type Markup, markup } from './markup.ts'
import type { Report } from './page.ts'
import { sizeChart } from './size-chart.ts'
import { timeScaleOf } from './time-scale.ts'
import { timeline } from './timeline.ts'

const mostRows = 25

/** All of one dataset: figures, and a table of what is broken and what is newest. */
export function datasetSection(status: DatasetStatus, id: string, report: Report): Markup {
  const { snapshots, dataset, state, summary } = status
  const scale = timeScaleOf(
    snapshots.map(({ creation }) => creation),
    report.now,
  )
  const stored = snapshots.filter((each): each is StoredStatus => each.backup !== undefined)
  const onlyHere = snapshots.filter(({ backup }) => backup === undefined)
  const sizes =
    stored.length === 0
      ? undefined
      : markup`<h3>Stored bytes, by powers of 1024</h3>${sizeChart(stored, scale, report.words)}`
  return markup`<section class="dataset" id="${id}">
<h2><span class="state ${state}">${state}</span> <bdi>${dataset}</bdi></h2>
<p>${summary.replace(`${dataset}: `, '')}</p>
<h3>Chains</h3>
${timeline(groupChains(stored, report.chains), onlyHere, scale, report.words)}
${sizes}
${table(stored, report)}
</section>`
}

function table(stored: readonly StoredStatus[], report: Report): Markup | undefined {
  if (stored.length === 0) return undefined
  const newestFirst = stored.toSorted((a, b) => b.creation.getTime() - a.creation.getTime())
  const broken = newestFirst.filter(({ flaw }) => flaw !== undefined)
  const shown = new Set([...broken.slice(0, mostRows), ...newestFirst.slice(0, mostRows)])
  const rows = newestFirst.filter((each) => shown.has(each)).map((each) => row(each, report))
  const which = shown.size === stored.length ? `${stored.length} backups` : `${shown.size} of ${stored.length} backups`
  return markup`<details${broken.length > 0 ? markup` open` : undefined}><summary>${which}, the newest first</summary>
<div class="scroll"><table><thead><tr><th>Snapshot</th><th>Type</th><th>Health</th><th class="number">Stored</th><th>Taken (UTC)</th><th>Verified</th></tr></thead>
<tbody>
${rows}
</tbody></table></div></details>`
}

function row({ name, backup, flaw, creation, verification }: StoredStatus, { words, now }: Report): Markup {
  const verified =
    verification === undefined
      ? 'never'
      : `${verification.depth}, ${words.formatDuration(Math.max(0, now.getTime() - verification.at.getTime()))} ago`
  const health = flaw === undefined ? markup`ok` : markup`<span class="critical">${flaw}</span>`
  const taken = creation.toISOString().slice(0, 16).replace('T', ' ')
  return markup`<tr><td><bdi>${afterAt(name)}</bdi></td><td>${backup.isFull ? 'full' : 'incremental'}</td><td>${health}</td><td class="number">${words.formatBytes(backup.object.size)}</td><td>${taken}</td><td>${verified}</td></tr>`
}
