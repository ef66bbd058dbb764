import { Failure } from '../errors.ts'
import type { IncrementMarks } from './increment-marks.ts'
import type { Point, SyncDataset } from './inventory.ts'
import type { Ledger } from './ledger.ts'
import { failureOf } from './messages.ts'
import type { ReceiverEnd } from './receiver-end.ts'

interface Arrival {
  readonly source: SyncDataset
  readonly point: Point
}

export interface ArrivalsContext {
  /** The name of the source's tree. */
  readonly from: string
  readonly marks: IncrementMarks
  readonly ledger: Ledger
}

// Small changes of many datasets are settled together; what takes longer than this each is settled at once.
const settleMs = 5000

/**
 * What the receiver has. When it holds that too, the marks of what was sent before are given up: in this order, so that
 * one base at least is kept on both ends at every instant.
 */
export class Arrivals {
  readonly #context: ArrivalsContext
  readonly #waiting = new Map<ReceiverEnd, Arrival[]>()
  #settledMs = performance.now()

  constructor(context: ArrivalsContext) {
    this.#context = context
  }

  async add(receiver: ReceiverEnd, arrival: Arrival): Promise<void> {
    const waiting = this.#waiting.get(receiver)
    if (waiting === undefined) this.#waiting.set(receiver, [arrival])
    else waiting.push(arrival)
    if (performance.now() - this.#settledMs > settleMs) await this.#settle(receiver)
  }

  /** When nobody sends any more. */
  async settle(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((receiver) => this.#settle(receiver)))
  }

  /** The receiver must not be at anything else. */
  async #settle(receiver: ReceiverEnd): Promise<void> {
    const arrived = this.#waiting.get(receiver) ?? []
    this.#waiting.delete(receiver)
    // One that is gone may not hold them: their older marks stay until the next time.
    if (receiver.channel.failure !== undefined) return
    const { from, marks, ledger } = this.#context
    try {
      const left = await receiver.hold()
      for (const { path, ...trouble } of left) ledger.tell(path, failureOf(trouble), { isAsked: true })
      const failed = new Set(left.map(({ path }) => path))
      const held = arrived.filter(({ source }) => !failed.has(source.path))
      await marks.advance(held.map((each) => ({ ...each, dataset: from + each.source.path })))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      for (const { source } of arrived) ledger.tell(source.path, error, { isAsked: false })
    }
    this.#settledMs = performance.now()
  }
}
