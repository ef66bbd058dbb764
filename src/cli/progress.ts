import { formatBytes, formatDuration, formatRate } from './units.ts'

/** What a transfer tells of itself. Read about once a second. */
export interface ProgressSource {
  readonly doneBytes: number
  readonly totalBytes?: number | undefined
  /** Milliseconds so far: waiting for the input, for the output, and at work. */
  readonly waiting?: { readonly inputMs: number; readonly outputMs: number; readonly workMs: number } | undefined
  /** More to say on the line. */
  notes?(): readonly string[]
}

// The rate that ETA counts on is that of the last seconds: a stalled peer shows at once, one slow read does not.
const windowMs = 10_000

interface Sample {
  readonly atMs: number
  readonly doneBytes: number
}

/** Makes progress lines of a source. */
export class ProgressMeter {
  readonly #source: ProgressSource
  readonly #now: () => number
  readonly #start: Sample
  #samples: readonly Sample[]

  constructor(source: ProgressSource, now: () => number = () => performance.now()) {
    this.#source = source
    this.#now = now
    this.#start = this.#sample()
    this.#samples = [this.#start]
  }

  /** `1.50 GiB, 210 MiB/s, 42% of 3.60 GiB, ETA 10s, in 62% out 3% work 35%`; at the end the average rate and the time. */
  line(isFinal = false): string {
    const now = this.#sample()
    const window = this.#samples.filter(({ atMs }) => now.atMs - atMs <= windowMs)
    this.#samples = [...(window.length > 0 ? window : this.#samples.slice(-1)), now]
    const bytesPerSecond = rateBetween(isFinal ? this.#start : (this.#samples[0] ?? now), now)
    return [
      formatBytes(now.doneBytes),
      formatRate(bytesPerSecond),
      ...(isFinal ? [formatDuration(now.atMs - this.#start.atMs)] : this.#toGo(now.doneBytes, bytesPerSecond)),
      ...waitingShares(this.#source.waiting),
      ...(this.#source.notes?.() ?? []),
    ].join(', ')
  }

  #sample(): Sample {
    return { atMs: this.#now(), doneBytes: this.#source.doneBytes }
  }

  #toGo(doneBytes: number, bytesPerSecond: number): readonly string[] {
    const { totalBytes } = this.#source
    if (totalBytes === undefined || totalBytes <= 0) return []
    const share = `${Math.floor((100 * doneBytes) / totalBytes)}% of ${formatBytes(totalBytes)}`
    const leftBytes = totalBytes - doneBytes
    // An estimate may be passed; then there is nothing to foretell.
    if (leftBytes < 0 || bytesPerSecond <= 0) return [share]
    return [share, `ETA ${formatDuration((1000 * leftBytes) / bytesPerSecond)}`]
  }
}

function rateBetween(from: Sample, to: Sample): number {
  const milliseconds = to.atMs - from.atMs
  return milliseconds > 0 ? (1000 * (to.doneBytes - from.doneBytes)) / milliseconds : 0
}

function waitingShares(waiting: ProgressSource['waiting']): readonly string[] {
  if (waiting === undefined) return []
  const { inputMs, outputMs, workMs } = waiting
  const allMs = inputMs + outputMs + workMs
  if (allMs <= 0) return []
  const percent = (milliseconds: number) => `${Math.round((100 * milliseconds) / allMs)}%`
  return [`in ${percent(inputMs)} out ${percent(outputMs)} work ${percent(workMs)}`]
}
