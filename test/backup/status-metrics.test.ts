import { expect, it } from 'vitest'
import { judgeDataset } from '../../src/backup/dataset-status.ts'
import { statusMetrics } from '../../src/backup/status-metrics.ts'
import { backup } from './sample-backups.ts'

const limits = { now: new Date(100_000), warnAgeMs: 50_000, critAgeMs: 90_000, formatAge: (ms: number) => `${ms}ms` }
const catalogue = { flawOf: () => undefined, verificationOf: () => undefined }

it('writes what promtool takes: a heading for each, no line for what is not known, labels escaped', () => {
  const statuses = ['a"b', 'c\\d'].map((name) => judgeDataset(name, [], undefined, catalogue, limits))
  const good = judgeDataset('tank/home', [backup(3), backup(70, 3)], undefined, catalogue, limits)
  const text = statusMetrics([...statuses, good], 's3://bucket/', limits.now)
  expect(text).toContain('zpipes_backup_state{store="s3://bucket/",dataset="a\\"b"} 2\n')
  expect(text).toContain('zpipes_backups{store="s3://bucket/",dataset="c\\\\d"} 0\n')
  expect(text.match(/^zpipes_backup_newest_good_timestamp_seconds.*$/gm)).toEqual([
    'zpipes_backup_newest_good_timestamp_seconds{store="s3://bucket/",dataset="tank/home"} 70',
  ])
  expect(text).not.toMatch(/last_verified|undefined|NaN/)
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP \w+ .+\.|TYPE \w+ gauge)|\w+\{(\w+="([^"\\\n]|\\["\\n])*",?)+\} [\d.]+)$/)
  }
})
