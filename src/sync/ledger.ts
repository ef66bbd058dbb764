import type { Failure } from '../errors.ts'
import { type Problem, troubleOf } from './messages.ts'
import type { DatasetPlan, Plan, Step } from './plan.ts'

/** What became of one dataset. */
export interface Outcome {
  readonly dataset: string
  readonly result: 'updated' | 'unchanged' | 'failed' | 'gone'
  /** The snapshot, or bookmark, that its first stream began at. */
  readonly from?: string
  /** The newest snapshot that the receiver has now, as far as is known. */
  readonly to?: string
  readonly bytes: number
  readonly elapsedMs: number
  /** What there is to say of it beyond that. */
  readonly remarks: readonly string[]
  readonly failure?: Failure
}

interface Entry {
  readonly done: Step[]
  readonly remarks: string[]
  bytes: number
  elapsedMs: number
  failure?: Failure
}

/** What a run has done to each dataset. */
export class Ledger {
  readonly problems: Problem[] = []
  /** The paths of what has come into the buffer. */
  readonly buffered = new Set<string>()
  readonly #plan: Plan
  readonly #from: string
  readonly #onFailure: (dataset: string, failure: Failure) => void
  readonly #entries = new Map<string, Entry>()
  readonly #gone: Outcome[] = []
  readonly #told = new WeakSet<Failure>()

  constructor(
    plan: Plan,
    { from, onFailure }: { readonly from: string; onFailure(dataset: string, failure: Failure): void },
  ) {
    this.#plan = plan
    this.#from = from
    this.#onFailure = onFailure
  }

  add(path: string, step: Step, bytes: number, elapsedMs: number): void {
    const entry = this.#entryOf(path)
    entry.done.push(step)
    entry.bytes += bytes
    entry.elapsedMs += elapsedMs
  }

  remark(path: string, words: string): void {
    this.#entryOf(path).remarks.push(words)
  }

  /** Not told again by `onFailure`. */
  fail(path: string, failure: Failure): void {
    this.#entryOf(path).failure ??= failure
  }

  /**
   * Of a request to the receiver; what it was not asked for, it does not know: `isAsked` is false. What befalls several
   * datasets at once, as the end of a connection, is passed on once.
   */
  tell(path: string, failure: Failure, { isAsked }: { readonly isAsked: boolean }): void {
    if (!isAsked) this.problems.push({ path, ...troubleOf(failure) })
    this.fail(path, failure)
    if (this.#told.has(failure)) return
    this.#told.add(failure)
    this.#onFailure(this.#from + path, failure)
  }

  hasFailed(path: string): boolean {
    return this.#entries.get(path)?.failure !== undefined
  }

  get isAllWell(): boolean {
    return [...this.#entries.values()].every(({ failure }) => failure === undefined)
  }

  addGone(path: string, remark: string): void {
    const dataset = this.#from + path
    this.#gone.push({ dataset, result: 'gone', bytes: 0, elapsedMs: 0, remarks: [remark] })
  }

  outcomes(): readonly Outcome[] {
    return [...this.#plan.datasets.map((each) => this.#outcomeOf(each)), ...this.#gone]
  }

  #outcomeOf({ source, skipped }: DatasetPlan): Outcome {
    const { done = [], remarks = [], bytes = 0, elapsedMs = 0, failure } = this.#entries.get(source.path) ?? {}
    const streams = done.filter((step) => step.kind === 'full' || step.kind === 'increment' || step.kind === 'resume')
    const from = streams.map(beginningOf).at(0)
    const to = streams.at(-1)?.to.name
    const left = skipped === undefined ? [] : [`nothing was written up to @${skipped.name}`]
    return {
      dataset: this.#from + source.path,
      result: failure === undefined ? (done.length > 0 ? 'updated' : 'unchanged') : 'failed',
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to: `@${to}` }),
      bytes,
      elapsedMs,
      remarks: [...done.flatMap(remarkOn), ...remarks, ...left],
      ...(failure === undefined ? {} : { failure }),
    }
  }

  #entryOf(path: string): Entry {
    const known = this.#entries.get(path) ?? { done: [], remarks: [], bytes: 0, elapsedMs: 0 }
    this.#entries.set(path, known)
    return known
  }
}

function beginningOf(step: Extract<Step, { kind: 'full' | 'increment' | 'resume' }>): string | undefined {
  if (step.kind !== 'increment') return undefined
  return `${step.base.kind === 'bookmark' ? '#' : '@'}${step.base.point.name}`
}

function remarkOn(step: Step): readonly string[] {
  switch (step.kind) {
    case 'rename':
      return [`was ${step.from} there`]
    case 'rollback':
      return [`rolled back to @${step.to.name}`]
    case 'resume':
      return ['gone on with']
    default:
      return []
  }
}
