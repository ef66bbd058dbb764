import { Failure } from '../errors.ts'
import { type CopyTreeOptions, checkPart, partJob } from './copy-tree.ts'
import { emptyQueues } from './find-names.ts'
import { Workers } from './workers.ts'

/** What a comparison of both trees found. */
export interface Comparison {
  readonly compared: number
  readonly different: number
  /** Some of those that differ. */
  readonly names: readonly string[]
  readonly reasons: readonly string[]
}

/** Compares all names that the last walk found, as many at once as were copied; changes nothing. */
export async function verifyTree(options: CopyTreeOptions, by: 'size' | 'checksum'): Promise<Comparison> {
  options.folder.claim(options.owner)
  try {
    return await compareParts(options, by)
  } finally {
    options.folder.release()
  }
}

async function compareParts(options: CopyTreeOptions, by: 'size' | 'checksum'): Promise<Comparison> {
  const { folder, copier, hosts, signal, say } = options
  const queues = emptyQueues(options.isDeep)
  const earlier = folder.earlier()
  if (earlier === undefined) throw new Failure('io', `${folder.path}: the list of what was copied is gone`)
  for (const spool of ['files', 'together'] as const) {
    for (const crumb of earlier.index.crumbs[spool]) queues[spool].add(crumb)
    queues[spool].close()
  }
  let [compared, different] = [0, 0]
  const names: string[] = []
  const reasons: string[] = []
  const workers = new Workers({
    queues,
    hosts,
    allowed: () => hosts.length,
    retries: options.retries,
    signal,
    attempt: async (task, host) => {
      const job = partJob(options, task, { host, signal })
      return await checkPart(options, job, await copier.compare(job, by))
    },
    onFinished: ({ part }, { present = part.files, failed, end, names: some, reason }) => {
      // What has gone at the source since the walk has nothing to be compared with.
      compared += present
      different += failed
      names.push(...some)
      if (end !== 'done') reasons.push(reason)
    },
    say,
  })
  const left = await workers.run()
  for (const { part } of left) {
    different += part.files
    reasons.push('no host is left')
  }
  return { compared, different, names, reasons }
}
