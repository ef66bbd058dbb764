import { metricsText } from '../stream/metrics-text.ts'
import type { DatasetStatus } from './dataset-status.ts'

interface Metric {
  readonly name: string
  readonly help: string
  of(status: DatasetStatus): number | undefined
}

const states = { ok: 0, warning: 1, critical: 2 }

const metrics: readonly Metric[] = [
  { name: 'zpipes_backups', help: 'Backups in the store.', of: (each) => each.backupCount },
  { name: 'zpipes_backups_broken', help: 'Backups that cannot be restored.', of: (each) => each.brokenCount },
  { name: 'zpipes_backup_stored_bytes', help: 'Bytes in the store.', of: (each) => each.storedBytes },
  {
    name: 'zpipes_backup_newest_good_timestamp_seconds',
    help: 'When the newest snapshot that can be restored was taken.',
    of: (each) => secondsOf(each.newestGood?.creation),
  },
  {
    name: 'zpipes_backup_last_verified_timestamp_seconds',
    help: 'When a backup was last verified and found good.',
    of: (each) => secondsOf(each.lastVerified),
  },
  { name: 'zpipes_backup_state', help: '0 ok, 1 warning, 2 critical.', of: (each) => states[each.state] },
]

/** The state of backups in Prometheus' text format, for the textfile collector. What is not known has no line. */
export function statusMetrics(statuses: readonly DatasetStatus[], storeUrl: string, now: Date): string {
  const families = metrics.map(({ name, help, of }) => ({
    ...{ name, help, type: 'gauge' as const },
    samples: statuses.map((each) => ({ labels: { store: storeUrl, dataset: each.dataset }, value: of(each) })),
  }))
  const own = {
    name: 'zpipes_backup_status_timestamp_seconds',
    help: 'When the store was looked at.',
    type: 'gauge' as const,
    samples: [{ labels: { store: storeUrl }, value: secondsOf(now) }],
  }
  return metricsText([...families, own])
}

function secondsOf(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : time.getTime() / 1000
}
