import { setTimeout as sleep } from 'node:timers/promises'
import type { Bandwidth } from './bandwidth.ts'
import type { Attempt } from './copier.ts'
import { type Host, hostName, loseHost } from './host.ts'
import { Pace } from './pace.ts'
import { type Part, type PartQueue, workOf } from './part-queue.ts'
import type { SpoolName } from './run-folder.ts'

/** A part, and what was tried with it so far. */
export interface Task {
  readonly part: Part
  readonly spool: SpoolName
  attempts: number
  copied: number
  copiedBytes: number
}

export interface WorkersOptions {
  readonly queues: Readonly<Record<SpoolName, PartQueue>>
  /** One for each worker, in the order in which they may start. */
  readonly hosts: readonly Host[]
  /** How many of them may run now. */
  allowed(): number
  readonly retries: number
  readonly signal: AbortSignal
  /** Shared by all that run at the same time. */
  readonly bandwidth?: Bandwidth
  attempt(task: Task, host: Host, bytesPerSecond: number | undefined): Promise<Attempt>
  onFinished(task: Task, attempt: Attempt, host: Host): void
  /** Told of the hosts that have work, one for each part, whenever that changes. */
  onUnderWay?(hosts: readonly Host[]): void
  say(message: string): void
}

// The pause before a part is tried again, doubled each time.
const firstPauseMs = 500
const longestPauseMs = 60_000

/** Gives parts to workers until all are finished, or given up. */
export class Workers {
  readonly #options: WorkersOptions
  readonly #again: Task[] = []
  readonly #underWay: Host[] = []
  readonly #pace = new Pace()
  #wake: () => void = () => {}
  #changed: Promise<void> = Promise.resolve()

  constructor(options: WorkersOptions) {
    this.#options = options
    this.changed()
  }

  /** To be called when there may be more to do. */
  changed(): void {
    this.#wake()
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Parts that run now. */
  get underWay(): number {
    return this.#underWay.length
  }

  /** Resolves when nothing is left, or no host is. The tasks that nobody could do are given back. */
  async run(): Promise<readonly Task[]> {
    await Promise.all(this.#options.hosts.map((host, index) => this.#work(host, index)))
    return this.#again
  }

  async #work(host: Host, index: number): Promise<void> {
    const { signal } = this.#options
    while (!host.isLost) {
      signal.throwIfAborted()
      const changed = this.#changed
      const task = this.#rankOf(index) < this.#options.allowed() ? this.#next() : undefined
      if (task !== undefined) await this.#try(task, host)
      else if (this.#isOver()) return
      else await changed
    }
  }

  /** Its place among those whose hosts are there. */
  #rankOf(index: number): number {
    return this.#options.hosts.slice(0, index).filter(({ isLost }) => !isLost).length
  }

  #isOver(): boolean {
    return this.#underWay.length === 0 && this.#isLast
  }

  #next(): Task | undefined {
    if (this.#options.bandwidth?.isSpent) return undefined
    const again = this.#again.shift()
    if (again !== undefined) return again
    const { queues } = this.#options
    const workers = this.#most
    const mayBeMore = workers < this.#options.hosts.filter(({ isLost }) => !isLost).length
    for (const spool of ['files', 'together'] as const) {
      const part = queues[spool].take(workers, this.#pace.worthAPart, mayBeMore)
      if (part !== undefined) return { part, spool, attempts: 0, copied: 0, copiedBytes: 0 }
    }
    return undefined
  }

  /** Workers that may have work at the same time. */
  get #most(): number {
    return Math.min(this.#options.allowed(), this.#options.hosts.filter(({ isLost }) => !isLost).length)
  }

  /** Nothing waits for another worker. */
  get #isLast(): boolean {
    return this.#again.length === 0 && Object.values(this.#options.queues).every((queue) => queue.isExhausted)
  }

  async #attempt(task: Task, host: Host): Promise<Attempt> {
    const { bandwidth } = this.#options
    const share = bandwidth?.take(this.#isLast ? 1 : this.#most)
    try {
      return await this.#options.attempt(task, host, share)
    } finally {
      bandwidth?.giveBack(share)
      this.changed()
    }
  }

  async #try(task: Task, host: Host): Promise<void> {
    const ended = this.#attempt(task, host)
    this.#underWay.push(host)
    this.#options.onUnderWay?.(this.#underWay)
    try {
      const startedMs = performance.now()
      const attempt = await ended
      if (attempt.end === 'done') this.#pace.add(workOf(task.part), performance.now() - startedMs)
      task.attempts += 1
      task.copied += attempt.copied
      task.copiedBytes += attempt.copiedBytes
      if (attempt.end === 'host lost' && this.#loses(host, attempt)) this.#again.push(task)
      else if (attempt.end === 'done' || task.attempts > this.#options.retries)
        this.#options.onFinished(task, attempt, host)
      else await this.#tryAgain(task, attempt)
    } finally {
      this.#underWay.splice(this.#underWay.indexOf(host), 1)
      this.#options.onUnderWay?.(this.#underWay)
      this.changed()
    }
  }

  /** A host that is gone gives its work to others. */
  #loses(host: Host, attempt: Attempt): boolean {
    const { hosts, say } = this.#options
    const wasLost = host.isLost
    const isLost = loseHost(host, hosts)
    if (isLost && !wasLost) say(`${hostName(host)} is lost, others do its work: ${attempt.reason}`)
    return isLost || wasLost
  }

  async #tryAgain(task: Task, attempt: Attempt): Promise<void> {
    const { retries, signal, say } = this.#options
    say(`part ${task.part.number} is tried again (${task.attempts} of ${retries}): ${attempt.reason}`)
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (task.attempts - 1))
    await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal })
    this.#again.push(task)
  }
}
