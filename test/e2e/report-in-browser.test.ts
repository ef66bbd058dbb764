import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { chainsOf } from '../../src/backup/chains.ts'
import { judgeDataset } from '../../src/backup/dataset-status.ts'
import { reportPage } from '../../src/backup/report/page.ts'
import { formatBytes, formatDuration } from '../../src/cli/units.ts'
import { backup, snapshot } from '../backup/sample-backups.ts'
import { openInBrowser } from '../fakes/browser.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const lacksChromium = spawnSync('chromium', ['--version']).error !== undefined
const day = 86_400

/** Datasets of every state: a chain that goes on, one with a gap, one that is late, one that is too old; long names. */
function page(): string {
  const words = { formatBytes, formatDuration }
  const policy = { warnAgeMs: 2 * day * 1000, critAgeMs: 30 * day * 1000 }
  const now = new Date(200 * day * 1000)
  // A second later in each dataset: samples are named by their time alone.
  const days = (from: number, to: number, later = 0) =>
    Array.from({ length: to - from }, (_, index) => (from + index) * day + later)
  const chain = (times: readonly number[]) => times.map((time, index) => backup(time, times[index - 1]))
  const stored = [
    chain(days(80, 200)),
    [...chain(days(150, 170, 1)), backup(190 * day + 1, 180 * day + 1)],
    chain(days(160, 190, 2)),
    chain(days(10, 40, 3)),
  ]
  const names = ['tank/home', `tank/${'a-long-name/'.repeat(8)}end`, 'tank/late', 'tank/old and <b>odd</b>']
  const statuses = stored.map((backups, index) => {
    const chains = { ...chainsOf(backups), verificationOf: () => undefined }
    const local = days(195, 200).map((time) => snapshot(time))
    return judgeDataset(names[index] ?? '', backups, local, chains, { now, ...policy, formatAge: formatDuration })
  })
  return reportPage({ storeUrl: 'file:///backup/', now, statuses, chains: chainsOf(stored.flat()), policy, words })
}

// Of elements with text of their own: the least contrast of WCAG 2 against what lies behind them.
const leastContrast = `(() => {
  const rgba = (color) => { const c = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    c.fillStyle = color; c.fillRect(0, 0, 1, 1); return c.getImageData(0, 0, 1, 1).data }
  const light = (color) => { const [r, g, b] = [...rgba(color)].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const behind = (e) => e === null ? 'Canvas' : rgba(getComputedStyle(e).backgroundColor)[3] > 250
    ? getComputedStyle(e).backgroundColor : behind(e.parentElement)
  const contrasts = [...document.querySelectorAll('body *')]
    .filter((e) => e instanceof HTMLElement && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ''))
    .map((e) => { const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x)
      return (a + 0.05) / (b + 0.05) })
  return Math.min(...contrasts)
})()`

const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [360, 1280].map((width) => ({ width, colorScheme })),
)

test.skipIf(lacksChromium)(
  'zsnap report fits a screen, narrow and wide, and is read light and dark (chromium)',
  async () => {
    const file = join(temporaryFolder(), 'report.html')
    writeFileSync(file, page())
    const browser = await openInBrowser(pathToFileURL(file).href)
    const backgrounds = new Set()
    for (const look of looks) {
      await browser.show(look)
      const seen = {
        overflow: await browser.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        sections: await browser.evaluate(
          `[...document.querySelectorAll('section')].filter((e) => e.checkVisibility()).length`,
        ),
        emptyMarks: await browser.evaluate(
          `[...document.querySelectorAll('section use')].filter((e) => e.getBoundingClientRect().width < 1).length`,
        ),
        isReadable: Number(await browser.evaluate(leastContrast)) >= 4.5,
      }
      expect({ look, ...seen }).toEqual({ look, overflow: 0, sections: 4, emptyMarks: 0, isReadable: true })
      backgrounds.add(await browser.evaluate('getComputedStyle(document.body).backgroundColor'))
      await keep(browser, `${look.colorScheme}-${look.width}.png`)
    }
    expect(backgrounds.size).toBe(2)
    expect([browser.requests, browser.complaints]).toEqual([[pathToFileURL(file).href], []])
  },
)

/** To be looked at, where a folder for it is named. */
async function keep(browser: { screenshot(): Promise<Buffer> }, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), await browser.screenshot())
}
