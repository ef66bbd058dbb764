export interface InOrderLimits {
  /** Bytes of results that may be under way or waiting for their turn; one job always may be. */
  readonly budgetBytes: number
  /** Jobs under way at once. */
  readonly concurrency: number
}

interface Running<T> {
  readonly bytes: number
  readonly result: Promise<T>
}

/**
 * Runs jobs many at once and yields their results in the order of the jobs, however they end. A result's bytes count
 * until the consumer asks for the next. The first failure (in order) is thrown; the jobs after it are left to their signal.
 */
export async function* inOrder<Job extends { readonly bytes: number }, T>(
  jobs: Iterable<Job>,
  start: (job: Job) => Promise<T>,
  limits: InOrderLimits,
): AsyncGenerator<T> {
  const iterator = jobs[Symbol.iterator]()
  const running: Running<T>[] = []
  let heldBytes = 0
  let next = iterator.next()
  while (running.length > 0 || !next.done) {
    while (!next.done && mayStart(running.length, heldBytes, next.value.bytes, limits)) {
      running.push(begin(next.value, start))
      heldBytes += next.value.bytes
      next = iterator.next()
    }
    const first = running.shift() as Running<T>
    yield await first.result
    heldBytes -= first.bytes
  }
}

function mayStart(running: number, heldBytes: number, bytes: number, limits: InOrderLimits): boolean {
  return running === 0 || (running < limits.concurrency && heldBytes + bytes <= limits.budgetBytes)
}

function begin<Job extends { readonly bytes: number }, T>(job: Job, start: (job: Job) => Promise<T>): Running<T> {
  const result = start(job)
  // A later job may fail before its turn to be awaited: that is not an unhandled rejection.
  result.catch(() => {})
  return { bytes: job.bytes, result }
}
