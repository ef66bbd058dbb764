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
  const store = `store="${escapeLabel(storeUrl)}"`
  const families = metrics.flatMap(({ name, help, of }) => {
    const samples = statuses.flatMap((status) => {
      const value = of(status)
      return value === undefined ? [] : [`${name}{${store},dataset="${escapeLabel(status.dataset)}"} ${value}`]
    })
    return samples.length === 0 ? [] : [...heading(name, help), ...samples]
  })
  const time = 'zpipes_backup_status_timestamp_seconds'
  const own = [...heading(time, 'When the store was looked at.'), `${time}{${store}} ${secondsOf(now)}`]
  return `${[...families, ...own].join('\n')}\n`
}

function heading(name: string, help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`]
}

function secondsOf(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : time.getTime() / 1000
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
