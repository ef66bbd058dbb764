import { type MetricSample, metricsText } from '../stream/metrics-text.ts'
import type { Outcome } from './ledger.ts'

export interface SyncedRun {
  /** The source's root, and the receiver as it was called. */
  readonly tree: string
  readonly target: string
  readonly outcomes: readonly Outcome[]
  readonly hasFailed: boolean
  /** Whether the receiver has told what arrived: else nobody knows of what was sent. */
  readonly isHeard: boolean
  readonly now: Date
}

/** The outcome of a run in Prometheus' text format. */
export function syncMetrics({ tree, target, outcomes, hasFailed, isHeard, now }: SyncedRun): string {
  const labels = { tree, target }
  // What is gone from the source is in sync with nothing.
  const there = outcomes.filter(({ result }) => result !== 'gone')
  const of = (value: (outcome: Outcome) => number | undefined) =>
    there.map((each) => ({ labels: { ...labels, dataset: each.dataset }, value: value(each) }))
  const once = (value: number) => [{ labels, value }]
  const isInSync = ({ result }: Outcome) => (result === 'updated' && !isHeard ? undefined : Number(result !== 'failed'))
  const gauge = (name: string, help: string, samples: readonly MetricSample[]) => ({
    ...{ name: `zpipes_sync_${name}`, help, type: 'gauge' as const, samples },
  })
  return metricsText([
    gauge('in_sync', 'Whether the receiver has the newest snapshot.', of(isInSync)),
    gauge(
      'sent_bytes',
      'Bytes of streams in this run.',
      of(({ bytes }) => bytes),
    ),
    gauge(
      'duration_seconds',
      'How long this run took for it.',
      of(({ elapsedMs }) => elapsedMs / 1000),
    ),
    gauge('failed', 'Whether anything failed.', once(Number(hasFailed))),
    gauge('timestamp_seconds', 'When the run ended.', once(now.getTime() / 1000)),
  ])
}
