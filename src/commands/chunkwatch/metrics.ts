import type { WatchTally } from '../../chunks/watch-tally.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import type { MetricFamily } from '../../stream/metrics-text.ts'

const writeEveryMs = 10_000

interface State {
  readonly tally: WatchTally
  readonly isWhole: boolean
}

export type MetricsState = () => State

/** Writes the state to a file now, every 10 s, and when it is stopped. The first failure is thrown, later ones told. */
export async function startMetrics(
  file: string,
  state: MetricsState,
  labels: Readonly<Record<string, string>>,
  onTrouble: (error: unknown) => void,
): Promise<{ stop(): Promise<void> }> {
  const { metricsText, writeWhole } = await import('../../stream/metrics-text.ts')
  const write = () => writeWhole(file, metricsText(familiesOf(state(), labels)), ownerOfThisProgram())
  await write()
  let writing = Promise.resolve()
  const writeNext = () => {
    writing = writing.then(write).catch(onTrouble)
  }
  const timer = setInterval(writeNext, writeEveryMs).unref()
  return {
    async stop() {
      clearInterval(timer)
      writeNext()
      await writing
    },
  }
}

function familiesOf({ tally, isWhole }: State, labels: Readonly<Record<string, string>>): readonly MetricFamily[] {
  const family = (name: string, help: string, value: number | undefined, type: MetricFamily['type'] = 'gauge') => ({
    ...{ name: `zpipes_chunks_${name}`, help, type },
    samples: [{ labels, value }],
  })
  return [
    family('waiting', 'Chunks that failed, and wait.', tally.waiting),
    family('settling', 'Chunks that may not be complete.', tally.settling),
    family('in_flight', 'Chunks that are being shipped.', tally.shipping),
    family('shipped_total', 'Chunks proven since the start.', tally.done, 'counter'),
    family('shipped_bytes_total', 'Bytes proven since the start.', tally.doneBytes, 'counter'),
    family('failures_total', 'Tries that failed since the start.', tally.failures, 'counter'),
    family('backlog_bytes', 'Bytes that are here and not proven.', tally.backlogBytes),
    family('oldest_seconds', 'Age of the oldest of them.', tally.oldestMs / 1000),
    family('disk_used_bytes', 'Of the disk that they lie on.', tally.disk?.usedBytes),
    family('disk_free_bytes', 'Of the disk that they lie on.', tally.disk?.freeBytes),
    family('end', '1 when the stream is known to be whole.', isWhole ? 1 : 0),
    family('timestamp_seconds', 'When this was written.', Date.now() / 1000),
  ]
}
