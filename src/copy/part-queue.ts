import type { Crumb } from './spool.ts'

/** Work for one copying program: consecutive crumbs of one spool. */
export interface Part {
  /** From 1, in the order in which they are handed out. */
  readonly number: number
  readonly spool: string
  readonly firstCrumb: number
  readonly crumbCount: number
  readonly offset: number
  readonly length: number
  readonly files: number
  readonly bytes: number
}

// Making a file costs about as much as writing so many bytes: a million small files are work too.
const fileCostBytes = 32 * 1024
// As long as nobody knows how fast copies are, less than this is not worth a program's start, unless there is no more.
const leastWork = 16 * 1024 * 1024
// A walk that finds so little in this time is slow: what it has found need not wait.
const patienceMs = 250
// More than this makes progress coarse, and much to do again.
const mostWork = 64 * 1024 * 1024 * 1024
// Of what is worth a program's start, as long as it is not known how many may run.
const partsForOne = 2

export interface PartQueueOptions {
  /** As long as nobody knows how fast copies are. */
  readonly leastAtFirst?: number | undefined
  /** The work that is worth a program's start, in bytes. */
  readonly least?: number
  /** Gives the parts of several queues numbers in one row. */
  nextNumber?(): number
  /** A clock, in ms. */
  now?(): number
}

interface Pending {
  readonly crumb: Crumb
  readonly index: number
}

/**
 * Hands out parts while the walk still finds more: to each who asks, half of his share of what is known then. So parts
 * become smaller towards the end, and all end at about the same time.
 */
export class PartQueue {
  readonly #spool: string
  readonly #options: PartQueueOptions
  #pending: Pending[] = []
  #head = 0
  #count = 0
  #work = 0
  #isClosed = false
  #handedOut = 0
  /** When it was made, or last handed out a part. */
  #waitsSinceMs: number

  constructor(spool: string, options: PartQueueOptions = {}) {
    this.#spool = spool
    this.#options = options
    this.#waitsSinceMs = this.#now()
  }

  add(crumb: Crumb): void {
    this.addAt(this.#count, crumb)
  }

  /** With the number that the crumb had in an earlier run. */
  addAt(index: number, crumb: Crumb): void {
    this.#pending.push({ crumb, index })
    this.#count = index + 1
    this.#work += workOf(crumb)
  }

  /** No more will come. */
  close(): void {
    this.#isClosed = true
  }

  get isExhausted(): boolean {
    return this.#isClosed && this.#isEmpty
  }

  /** Nothing has come for so long that a single name is welcome. */
  get isHungry(): boolean {
    return this.#isEmpty && this.#now() - this.#waitsSinceMs >= patienceMs
  }

  /**
   * The next part for one of so many workers; undefined while there is too little, and when there is no more. `measured`
   * is the work that is worth a program's start, where it is known better. Where there may soon be more workers, enough
   * is left for them.
   */
  take(workers: number, measured?: number, mayBeMore = false): Part | undefined {
    const atFirst = this.#options.leastAtFirst ?? leastWork
    const least = this.#options.least ?? measured ?? atFirst
    const isPatient = !this.#isClosed && this.#now() - this.#waitsSinceMs < patienceMs
    if (this.#isEmpty || (isPatient && this.#work < least)) return undefined
    const share = this.#work / workers
    // Not more than his share, though it were worth it: others would have nothing.
    const most = mayBeMore ? Math.max(1, partsForOne * least) : mostWork
    const wanted = Math.min(most, Math.max(share / 2, Math.min(least, Math.max(share, atFirst))))
    const taken: Pending[] = []
    for (let work = 0; work < wanted; ) {
      const next = this.#pending[this.#head]
      // A part is one piece of the spool.
      if (next === undefined || (taken.length > 0 && next.index !== (taken.at(-1)?.index ?? 0) + 1)) break
      taken.push(next)
      this.#head += 1
      work += workOf(next.crumb)
    }
    for (const { crumb } of taken) this.#work -= workOf(crumb)
    this.#waitsSinceMs = this.#now()
    this.#forget()
    return this.#partOf(taken)
  }

  #partOf(taken: readonly Pending[]): Part {
    const sum = (of: (crumb: Crumb) => number) => taken.reduce((total, { crumb }) => total + of(crumb), 0)
    this.#handedOut += 1
    return {
      number: this.#options.nextNumber?.() ?? this.#handedOut,
      spool: this.#spool,
      firstCrumb: taken[0]?.index ?? 0,
      crumbCount: taken.length,
      offset: taken[0]?.crumb.offset ?? 0,
      length: sum(({ length }) => length),
      files: sum(({ files }) => files),
      bytes: sum(({ bytes }) => bytes),
    }
  }

  get #isEmpty(): boolean {
    return this.#head === this.#pending.length
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }

  #forget(): void {
    if (this.#head < 1024 || this.#head < this.#pending.length / 2) return
    this.#pending = this.#pending.slice(this.#head)
    this.#head = 0
  }
}

/** What it takes to copy so many files, in bytes. */
export function workOf({ bytes, files }: Pick<Crumb, 'bytes' | 'files'>): number {
  return bytes + files * fileCostBytes
}
