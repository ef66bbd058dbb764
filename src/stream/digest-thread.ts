import { Worker } from 'node:worker_threads'
import type { DigestName } from './digest.ts'
import type { FromWorker, Question, ToWorker } from './digest-worker.ts'

/** Digests in another thread: for those slower than a pipe, when there is other work to do meanwhile. */
export interface DigestThread {
  /** Resolves when the thread is through with `bytes`, which must lie in shared memory (a BufferPool's do). */
  update(bytes: Uint8Array): Promise<void>
  /** The digests in lower-case hexadecimal, by name. Ends them. */
  finish(): Promise<Partial<Record<DigestName, string>>>
  stop(): Promise<void>
}

// The built file: from src/stream (as the tests load this file) it lies at the same depth as from dist/stream.
const workerFile = new URL('../../dist/stream/digest-worker.js', import.meta.url)

/** In a thread of their own. */
export async function startDigestThread(names: readonly DigestName[]): Promise<DigestThread> {
  const thread = new AskedThread()
  const { update, finish } = await begin(thread, names, false)
  const stop = () => thread.terminate()
  return {
    update,
    async finish() {
      const hex = await finish()
      await stop()
      return hex
    },
    stop,
  }
}

// They keep no program from ending.
const shared = new Map<DigestName, AskedThread>()

/** In the thread that all callers have together for this digest. */
export async function shareDigestThread(name: DigestName): Promise<DigestThread> {
  return begin(sharedThread(name), [name], true)
}

/** The digest of bytes in shared memory, by the thread that all callers have together for it. */
export async function digestInThread(name: DigestName, whole: Uint8Array): Promise<string> {
  return (await sharedThread(name).ask({ name, whole })) as string
}

function sharedThread(name: DigestName): AskedThread {
  const thread = shared.get(name) ?? new AskedThread()
  shared.set(name, thread)
  return thread
}

let begun = 0

async function begin(thread: AskedThread, names: readonly DigestName[], isShared: boolean): Promise<DigestThread> {
  const id = ++begun
  await thread.ask({ id, names, isShared })
  const finish = async () => (await thread.ask({ id, finish: true })) as Partial<Record<DigestName, string>>
  return {
    update: async (piece) => void (await thread.ask({ id, piece })),
    finish,
    stop: async () => void (await finish()),
  }
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** A thread that answers. Only an open question keeps the program from ending. */
class AskedThread {
  // Without stdout and stderr a Worker touches ours and makes them non-blocking.
  readonly #worker = new Worker(workerFile, { stdout: true, stderr: true })
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #ended: Error | undefined
  #isEnding = false

  constructor() {
    this.#worker.on('message', ({ number, answer }: FromWorker) => this.#take(number)?.resolve(answer))
    this.#worker.on('error', (error: Error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('the thread that digests has ended')))
  }

  /** Rejects once the thread has ended, whatever ended it. */
  async ask(question: Question): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended
    if (this.#waiting.size === 0) this.#worker.ref()
    const number = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.#worker.postMessage({ number, question } satisfies ToWorker)
    })
  }

  /** Keeps the program from ending until the thread has, though an answer may come meanwhile. */
  async terminate(): Promise<void> {
    this.#isEnding = true
    await this.#worker.terminate()
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const number of this.#waiting.keys()) this.#take(number)?.reject(this.#ended)
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    if (this.#waiting.size === 0 && !this.#isEnding) this.#worker.unref()
    return waiting
  }
}
