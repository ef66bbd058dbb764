import { Failure } from '../errors.ts'
import type { Attempt } from './copier.ts'
import { emptyQueues, findNames, type NameSource } from './find-names.ts'
import { type Host, HostLost, loseHost } from './host.ts'
import type { Owner } from './run-folder.ts'
import { SpareProcessors } from './spare-processors.ts'
import type { Tally } from './tally.ts'
import { type Task, Workers } from './workers.ts'

export interface CopyTreeOptions extends NameSource {
  readonly owner: Owner
  readonly hosts: readonly Host[]
  readonly retries: number
  readonly signal: AbortSignal
  say(message: string): void
  /** Where what the copying programs say goes, by part. */
  log(part: number, text: string | Uint8Array): void
}

/**
 * Copies all names, while the walk that finds them still goes on. Resolves when each is copied or given up: what could
 * not be done is in the tally. Throws what makes the whole hopeless.
 */
export async function copyTree(options: CopyTreeOptions): Promise<void> {
  const { folder } = options
  folder.claim(options.owner)
  try {
    await prepareAny(options)
    await copyParts(options)
    await copyRest(options)
  } finally {
    folder.release()
  }
}

/** The first host that can be reached makes the destination. */
async function prepareAny({ copier, hosts, signal, say }: CopyTreeOptions): Promise<void> {
  for (let host = hosts[0]; host !== undefined; host = hosts.find(({ isLost }) => !isLost)) {
    const lost = await copier.prepare(host, signal).catch((error) => error)
    if (lost === undefined) return
    if (!(lost instanceof HostLost) || !loseHost(host, hosts)) throw lost
    say(lost.message)
  }
}

async function copyRest({ copier, folder, hosts, signal, tally }: CopyTreeOptions): Promise<void> {
  const host = hosts.find(({ isLost }) => !isLost)
  if (host === undefined) return
  const { symlinks, specials } = tally.found
  const rest = { foldersPath: folder.file('folders'), symlinks, files: tally.found.files - specials }
  const last = await copier.finish(rest, host, signal)
  const { end, copied, copiedBytes, failed, names, reason } = last
  tally.addPart({ files: symlinks, copied, copiedBytes, present: symlinks, failed: end === 'done' ? 0 : failed })
  if (end !== 'done') tally.addProblem({ names, count: failed, reason: `folders and links: ${reason}` })
  tally.addPart({ files: specials, copied: 0, copiedBytes: 0, present: specials, failed: specials })
  if (specials > 0) tally.addProblem({ names: [], count: specials, reason: 'special files cannot be kept there' })
}

async function copyParts(options: CopyTreeOptions): Promise<void> {
  const queues = emptyQueues(options.isDeep)
  const spare = new SpareProcessors(options.hosts.length)
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const workers = new Workers({
    queues,
    hosts: options.hosts,
    allowed: () => spare.allowed,
    retries: options.retries,
    signal,
    attempt: (task, host) => attempt(options, task, host, signal),
    onFinished: (task, last) => finish(options, task, last),
    say: options.say,
  })
  const changed = () => workers.changed()
  const ended = workers.run()
  const found = findNames(options, queues, changed, signal)
  void spare.watch(changed, signal)
  try {
    const [left] = await Promise.all([ended, found])
    for (const task of left) giveUp(options.tally, task, 'no host is left')
  } finally {
    // One that failed takes the other with it.
    stop.abort(new Failure('unavailable', 'another part of the copy failed'))
    changed()
    await Promise.allSettled([ended, found])
  }
}

function attempt({ copier, folder, log }: CopyTreeOptions, task: Task, host: Host, signal: AbortSignal) {
  const { part, spool } = task
  return copier.copy({
    part,
    spoolPath: folder.file(spool),
    isTogether: spool === 'together',
    host,
    signal,
    log: (text) => log(part.number, text),
  })
}

function finish({ folder, tally, isDeep }: CopyTreeOptions, task: Task, last: Attempt): void {
  const { part, copied, copiedBytes } = task
  const present = last.present ?? part.files
  // What a name stands for is known only now.
  if (isDeep) tally.found = { ...tally.found, files: tally.found.files + present - part.files }
  tally.addPart({ files: isDeep ? present : part.files, copied, copiedBytes, present, failed: last.failed })
  if (last.failed > 0 || last.end !== 'done') {
    tally.addProblem({ names: last.names, count: last.failed, reason: last.reason })
  } else folder.finish(part, task.spool, { copied, copiedBytes, present })
}

function giveUp(tally: Tally, { part, copied, copiedBytes }: Task, reason: string): void {
  tally.addPart({ files: part.files, copied, copiedBytes, present: part.files, failed: part.files })
  tally.addProblem({ names: [], count: part.files, reason })
}
