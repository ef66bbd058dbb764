import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { DigestName } from './digest.ts'
import type { ToWorker } from './digest-worker.ts'

/** Digests in a thread of their own: for those slower than a pipe, when there is other work to do meanwhile. */
export interface DigestThread {
  /** Resolves when the thread is through with `bytes`, which must lie in shared memory (a BufferPool's do). */
  update(bytes: Uint8Array): Promise<void>
  /** The digests in lower-case hexadecimal, by name. Ends the thread. */
  finish(): Promise<Partial<Record<DigestName, string>>>
  stop(): Promise<void>
}

// The built file: from src/stream (as the tests load this file) it lies at the same depth as from dist/stream.
const workerFile = new URL('../../dist/stream/digest-worker.js', import.meta.url)

export async function startDigestThread(names: readonly DigestName[]): Promise<DigestThread> {
  const { worker, ask } = startWorker()
  await ask({ names })
  return {
    async update(piece) {
      await ask({ piece })
    },
    async finish() {
      const hex = (await ask({ finish: true })) as Partial<Record<DigestName, string>>
      await worker.terminate()
      return hex
    },
    async stop() {
      await worker.terminate()
    },
  }
}

let shared: ReturnType<typeof startWorker> | undefined

/** The digest of bytes in shared memory, by a thread that all callers have together. It keeps no program from ending. */
export async function digestInThread(name: DigestName, whole: Uint8Array): Promise<string> {
  shared ??= startWorker()
  return (await shared.ask({ name, whole })) as string
}

function startWorker() {
  // Without stdout and stderr a Worker touches ours and makes them non-blocking.
  const worker = new Worker(workerFile, { stdout: true, stderr: true })
  return { worker, ask: askInTurn(worker) }
}

/** The worker answers in the order of the questions. */
function askInTurn(worker: Worker): (message: ToWorker) => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve()
  return (message) => {
    last = last.then(async () => {
      // Only an open question keeps the program from ending.
      worker.ref()
      worker.postMessage(message)
      const [answer] = await once(worker, 'message')
      worker.unref()
      return answer
    })
    return last
  }
}
