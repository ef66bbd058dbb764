import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Backup } from '../../../src/backup/backup.ts'
import { chainsOf } from '../../../src/backup/chains.ts'
import { judgeDataset } from '../../../src/backup/dataset-status.ts'
import { reportPage } from '../../../src/backup/report/page.ts'
import type { Verification } from '../../../src/backup/verification.ts'
import type { Snapshot } from '../../../src/zfs/snapshot.ts'
import { backup, snapshot } from '../sample-backups.ts'

const hourMs = 3_600_000
const words = {
  formatBytes: (bytes: number) => `${bytes} bytes`,
  formatDuration: (ms: number) => `${ms / hourMs} hours`,
}

interface Wishes {
  readonly backups: readonly Backup[]
  readonly dataset?: string
  readonly local?: readonly Snapshot[]
  readonly nowSeconds?: number
  readonly verificationOf?: (backup: Backup) => Verification | undefined
}

function pageOf({ backups, dataset = 'tank/home', local = [], nowSeconds = 10_000, verificationOf }: Wishes): string {
  const chains = chainsOf(backups)
  const policy = { warnAgeMs: hourMs, critAgeMs: 2 * hourMs }
  const now = new Date(nowSeconds * 1000)
  const catalogue = { ...chains, verificationOf: verificationOf ?? (() => undefined) }
  const limits = { now, ...policy, formatAge: words.formatDuration }
  const statuses = [judgeDataset(dataset, backups, local, catalogue, limits)]
  return reportPage({ storeUrl: 'file:///backup/', now, statuses, chains, policy, words })
}

const count = (page: string, text: string) => page.split(text).length - 1
/** The elements of a page, each with its attributes. Throws where one is not closed, or text is not text. */
function elementsOf(page: string): readonly string[] {
  const [open, elements]: [string[], string[]] = [[], []]
  const withoutStyle = page.replace(/<style>[^<]*<\/style>/, '').replace(/^<!DOCTYPE html>/, '')
  for (const [, close, name = '', rest = '', self] of withoutStyle.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[A-Za-z0-9:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g,
  )) {
    if (close === '/' && open.pop() !== name) throw new Error(`</${name}> closes another`)
    if (close === '') elements.push(name + rest)
    if (close === '' && self === '' && name !== 'meta') open.push(name)
  }
  if (open.length > 0) throw new Error(`${open} not closed`)
  if (count(withoutStyle, '<') !== elements.length + [...withoutStyle.matchAll(/<\//g)].length)
    throw new Error('a stray <')
  return elements
}

describe('reportPage', () => {
  it('needs nothing but itself, and forbids the browser all else', () => {
    const page = pageOf({ backups: [backup(1000), backup(9000, 1000)] })
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`)
    const elements = elementsOf(page)
    expect(elements.filter((each) => /^(script|link|img|iframe|object)| (src|style|on\w+)=/.test(each))).toEqual([])
    expect(elements.filter((each) => / href="(?!#)/.test(each))).toEqual([])
    expect(style).not.toMatch(/url\(|@import/)
    expect(style).toContain('prefers-color-scheme: dark')
  })

  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'); alert(1) //",
    '</title></style><svg onload=alert(1)>',
    '&lt;b&gt; &amp;',
    'a\u202egnp.b\u0000\u0007\ud800',
  ])('shows a name as it is: %j', (hostile) => {
    const dataset = `tank/${hostile}`
    const named = (each: Backup) => ({ ...each, name: `${dataset}@${hostile}`, parent: hostile })
    const flaw = { at: new Date(0), depth: 'deep' as const, flaw: hostile }
    const local = [snapshot(4000, `${dataset}@here ${hostile}`)]
    const page = pageOf({ backups: [named(backup(1000, 1))], dataset, local, verificationOf: () => flaw })
    const plain = pageOf({ backups: [backup(1000, 1)], local: [snapshot(4000)], verificationOf: () => flaw })
    expect(elementsOf(page)).toHaveLength(elementsOf(plain).length)
    expect(page).not.toMatch(/<(script|img|svg onload)/)
    const shown = hostile.replace(/\p{Cc}|\p{Cs}|\u202e/gu, '\ufffd')
    const text = shown.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
    expect(page).toContain(`tank/${text.replace(/"/g, '&quot;').replace(/'/g, '&#39;')}</bdi>`)
  })

  it('draws chains, gaps, what is verified, and what is only here', () => {
    const backups = [backup(1000), backup(2000, 1000), backup(4000, 3000), backup(5000, 4000), backup(8000)]
    const good = { at: new Date(9000_000), depth: 'deep' as const, flaw: undefined }
    const page = pageOf({
      backups,
      local: [snapshot(9500)],
      verificationOf: ({ name }) => (name.endsWith('s8000') ? good : undefined),
    })
    const marks = (kind: string) =>
      count(page, `<use href="#${kind}" x="`) - (page.includes(`<use href="#${kind}" x="8"`) ? 1 : 0)
    expect({ full: marks('full'), increment: marks('increment'), broken: marks('broken') }).toEqual({
      full: 2,
      increment: 1,
      broken: 2,
    })
    expect({ local: marks('local'), good: marks('good'), bad: marks('bad') }).toEqual({ local: 1, good: 1, bad: 0 })
    expect(count(page, 'class="chain"')).toBe(3)
    expect(count(page, 'what comes before is missing')).toBe(1)
    expect(page).toContain('missing parent')
    expect(page).toContain('s1000, 1970-01-01 00:16, full, 10000 bytes')
  })

  it('tells the age against the policy', () => {
    const backups = [backup(1000)]
    const stateAt = (nowSeconds: number) => /<span class="state (\w+)">/.exec(pageOf({ backups, nowSeconds }))?.[1]
    expect([1001, 5000, 9000].map(stateAt)).toEqual(['ok', 'warning', 'critical'])
    expect(pageOf({ backups, nowSeconds: 4600 })).toContain('1 hours old; warning from 1 hours, critical from 2 hours')
    expect(pageOf({ backups: [] })).toContain('no good backup')
  })

  it('does not grow with what no eye tells apart', () => {
    const minutely = Array.from({ length: 20_000 }, (_, index) =>
      backup(60 * index + 60, index === 0 ? undefined : 60 * index),
    )
    const page = pageOf({ backups: minutely, nowSeconds: 60 * 20_001 })
    expect(page.length).toBeLessThan(400_000)
    expect(page).toContain('25 of 20000 backups')
    elementsOf(page)
  })

  it('says so where there is nothing', () => {
    const report = { storeUrl: 'file:///backup/', now: new Date(0), statuses: [], chains: chainsOf([]), words }
    expect(reportPage({ ...report, policy: { warnAgeMs: 1, critAgeMs: 2 } })).toContain(
      'There is no backup of any dataset.',
    )
  })
})
