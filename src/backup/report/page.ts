import { createHash } from 'node:crypto'
import type { Chains } from '../chains.ts'
import type { DatasetStatus } from '../dataset-status.ts'
import { ageBar } from './age-bar.ts'
import { datasetSection } from './dataset-section.ts'
import { type Markup, markup } from './markup.ts'
import { style } from './style.ts'
import { markShapes } from './timeline.ts'

/** How the reader is told of quantities. */
export interface ReportWords {
  formatBytes(bytes: number): string
  formatDuration(milliseconds: number): string
}

export interface ReportPolicy {
  readonly warnAgeMs: number
  readonly critAgeMs: number
}

export interface Report {
  readonly storeUrl: string
  readonly now: Date
  readonly statuses: readonly DatasetStatus[]
  readonly chains: Pick<Chains, 'parentOf'>
  readonly policy: ReportPolicy
  readonly words: ReportWords
}

const states = ['critical', 'warning', 'ok'] as const

/** A page that needs nothing but itself: no script, no other file, and a policy that forbids the browser any. */
export function reportPage(report: Report): string {
  const sorted = report.statuses.toSorted(
    (a, b) => states.indexOf(a.state) - states.indexOf(b.state) || (a.dataset < b.dataset ? -1 : 1),
  )
  const time = `${report.now.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Backups on ${report.storeUrl}</title>
<style>${{ html: style }}</style>
</head>
<body>
${markShapes}
<header><h1>Backups on <bdi>${report.storeUrl}</bdi></h1><p>as of ${time}</p></header>
<main>
${tiles(report)}
${sorted.length === 0 ? markup`<p>There is no backup of any dataset.</p>` : overview(sorted, report)}
${legend}
${sorted.map((each, index) => datasetSection(each, `d${index}`, report))}
</main>
</body>
</html>
`.html
}

const styleHash = createHash('sha256').update(style).digest('base64')
const contentPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`

function tiles({ statuses, words }: Report): Markup {
  const sum = (of: (status: DatasetStatus) => number) => statuses.reduce((total, each) => total + of(each), 0)
  const counts = states.map((state) => [state, sum((each) => (each.state === state ? 1 : 0)), state] as const)
  const all = [
    ...counts,
    ['backups', sum(({ backupCount }) => backupCount), ''],
    ['stored', words.formatBytes(sum(({ storedBytes }) => storedBytes)), ''],
  ] as const
  const items = all.map(
    ([what, count, kind]) => markup`<div class="${count === 0 ? '' : kind}"><dd>${count}</dd><dt>${what}</dt></div>`,
  )
  return markup`<dl class="tiles">${items}</dl>`
}

function overview(statuses: readonly DatasetStatus[], report: Report): Markup {
  return markup`<table class="overview"><thead><tr><th>State</th><th>Dataset</th><th>Age of the newest good backup</th><th class="number">Backups</th><th class="number">Broken</th><th class="number">Stored</th><th>Verified</th></tr></thead>
<tbody>
${statuses.map((each, index) => overviewRow(each, `d${index}`, report))}
</tbody></table>`
}

function overviewRow(status: DatasetStatus, id: string, { now, policy, words }: Report): Markup {
  const { dataset, state, newestGood, lastVerified, backupCount, brokenCount, storedBytes } = status
  const since = (time: Date) => Math.max(0, now.getTime() - time.getTime())
  const age = newestGood === undefined ? undefined : since(newestGood.creation)
  const said = age === undefined ? undefined : markup`<span>${words.formatDuration(age)}</span>`
  const verified = lastVerified === undefined ? 'never' : `${words.formatDuration(since(lastVerified))} ago`
  return markup`<tr><td><span class="state ${state}">${state}</span></td><td class="name"><a href="#${id}"><bdi>${dataset}</bdi></a></td><td class="age"><div>${said}${ageBar(age, policy, words)}</div></td><td class="number" data-label="backups">${backupCount}</td><td class="number" data-label="broken">${brokenCount}</td><td class="number" data-label="stored">${words.formatBytes(storedBytes)}</td><td data-label="verified">${verified}</td></tr>`
}

const legend = markup`<ul class="legend">
${(
  [
    ['full', 'full'],
    ['increment', 'increment'],
    ['broken', 'cannot be restored'],
    ['local', 'only here, not stored'],
    ['good', 'verified'],
    ['bad', 'found bad'],
  ] as const
).map(
  ([shape, text]) =>
    markup`<li><svg width="16" height="20" aria-hidden="true"><use href="#${shape}" x="8" y="10"/></svg>${text}</li>`,
)}
<li><svg width="30" height="20" aria-hidden="true"><line class="gap" x1="2" x2="28" y1="10" y2="10"/></svg>gap</li>
</ul>`
