import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { Bandwidth } from './bandwidth.ts'
import { checkVanished, type LocalSource } from './check-vanished.ts'
import type { Attempt, PartJob, Remainder } from './copier.ts'
import { emptyQueues, filesOf, findNames, type NameSource } from './find-names.ts'
import { type Host, HostLost, loseHost, thisHost } from './host.ts'
import { allMarks, markRoot, type RootMark } from './root-mark.ts'
import type { Owner } from './run-folder.ts'
import { SpareProcessors } from './spare-processors.ts'
import type { Tally } from './tally.ts'
import { type Task, Workers } from './workers.ts'

export interface CopyTreeOptions extends NameSource {
  readonly owner: Owner
  readonly hosts: readonly Host[]
  readonly retries: number
  /** For all parts together. */
  readonly bytesPerSecond?: number | undefined
  /** The source and the destination, if they are folders of this machine; a dry run has no destination. */
  readonly localSource: LocalSource | undefined
  readonly localDestination: string | undefined
  readonly signal: AbortSignal
  say(message: string): void
  /** Told of each part when no more is tried with it. */
  onPart(outcome: PartOutcome): void
  /** Where what the copying programs say goes, by part. */
  log(part: number, text: string | Uint8Array): void
}

/** What became of a part. */
export interface PartOutcome {
  readonly part: number
  readonly spool: string
  /** Undefined for this machine. */
  readonly host: string | undefined
  readonly attempts: number
  readonly copied: number
  readonly copiedBytes: number
  readonly present: number
  readonly failed: number
}

const restPauseMs = 500

/**
 * Copies all names, while the walk that finds them still goes on. Resolves when each is copied or given up, to what knows
 * whether both folders are still those: what could not be done is in the tally. Throws what makes the whole hopeless.
 */
export async function copyTree(options: CopyTreeOptions): Promise<RootMark> {
  const { folder } = options
  folder.claim(options.owner)
  try {
    const source = await markRoot(options.localSource?.path)
    folder.roots = { source: source.id, destination: '' }
    const spare = spareProcessors(options)
    const roots = allMarks([source, await copyParts(options, spare)])
    await copyRest(options, spare.allowed)
    await roots.check()
    doubtVanished(options)
    return roots
  } finally {
    folder.release()
  }
}

/** A source that is unmounted looks as if all in it had vanished; on another host its root is not watched. */
function doubtVanished({ localSource, tally }: CopyTreeOptions): void {
  const { vanished, found } = tally
  if (localSource !== undefined || vanished * 2 <= found.files) return
  const reason = `${vanished} of ${found.files} files have vanished: look whether the source was unmounted`
  tally.addProblem({ names: [], count: 0, reason, kind: 'unavailable' })
}

async function makeDestination(options: CopyTreeOptions, signal: AbortSignal): Promise<RootMark> {
  await prepareAny(options, signal)
  const mark = await markRoot(options.localDestination)
  options.folder.roots = { ...options.folder.roots, destination: mark.id }
  return mark
}

/** The first host that can be reached makes the destination. */
async function prepareAny({ copier, hosts, say }: CopyTreeOptions, signal: AbortSignal): Promise<void> {
  for (let host = hosts[0]; host !== undefined; host = hosts.find(({ isLost }) => !isLost)) {
    const lost = await copier.prepare(host, signal).catch((error) => error)
    if (lost === undefined) return
    if (!(lost instanceof HostLost) || !loseHost(host, hosts)) throw lost
    say(lost.message)
  }
}

async function copyRest(options: CopyTreeOptions, workers: number): Promise<void> {
  const { folder, tally } = options
  const { symlinks, specials } = tally.found
  const rest = { foldersPath: folder.file('folders'), workers, symlinks, files: tally.found.files - specials }
  const { end, copied, copiedBytes, failed, names, reason } = await tryRest(options, rest)
  const lost = end === 'done' ? 0 : Math.min(failed, symlinks)
  tally.addRest({ files: symlinks, copied, copiedBytes, present: symlinks, failed: lost })
  if (end !== 'done') tally.addProblem({ names, count: lost, reason: `folders and links: ${reason}` })
  tally.addRest({ files: specials, copied: 0, copiedBytes: 0, present: specials, failed: specials })
  await countFoldersNotKept(options)
  if (specials > 0) tally.addProblem({ names: [], count: specials, reason: 'special files cannot be kept there' })
}

async function countFoldersNotKept({ copier, hosts, signal, tally }: CopyTreeOptions): Promise<void> {
  if (tally.found.emptyFolders === 0) return
  const host = hosts.find(({ isLost }) => !isLost) ?? thisHost()
  if (!(await copier.keepsEmptyFolders(host, signal))) tally.foldersNotKept = tally.found.emptyFolders
}

/** As often as a part is tried. */
async function tryRest({ copier, hosts, retries, signal, say }: CopyTreeOptions, rest: Remainder): Promise<Attempt> {
  for (let attempts = 1; ; attempts += 1) {
    const host = hosts.find(({ isLost }) => !isLost) ?? thisHost()
    const last = await copier.finish(rest, host, signal)
    if (last.end === 'done') return last
    const hasOther = last.end === 'host lost' && loseHost(host, hosts)
    if (!hasOther && attempts > retries) return last
    say(`folders and links are tried again: ${last.reason}`)
    await sleep(restPauseMs, undefined, { signal })
  }
}

function spareProcessors({ copier, hosts }: CopyTreeOptions): SpareProcessors {
  const areFar = hosts.some(({ name, destinationHost }) => name !== undefined || destinationHost !== undefined)
  return new SpareProcessors(hosts.length, copier.isFar || areFar)
}

/** Resolves to the mark of the destination, which it makes first. */
async function copyParts(options: CopyTreeOptions, spare: SpareProcessors): Promise<RootMark> {
  const queues = emptyQueues(options.isDeep, { leastAtFirst: options.copier.leastAtFirst })
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const workers = new Workers({
    queues,
    hosts: options.hosts,
    allowed: () => spare.allowed,
    retries: options.retries,
    signal,
    bandwidth: new Bandwidth(options.bytesPerSecond),
    attempt: (task, host, bytesPerSecond) => attempt(options, task, { host, bytesPerSecond, signal }),
    onFinished: (task, last, host) => finish(options, task, last, host),
    onUnderWay: (workers) => options.tally.setUnderWay(workers),
    say: options.say,
  })
  const changed = () => workers.changed()
  const made = makeDestination(options, signal)
  const find = () => findNames(options, queues, changed, signal)
  // A walk here need not wait for the destination; what an earlier run has finished is told by it.
  const mayFind = options.localSource !== undefined && !options.reuse
  const found = mayFind ? find() : made.then(find)
  const ended = made.then(() => workers.run())
  void spare.watch(changed, signal)
  try {
    const [mark, left] = await Promise.all([made, ended, found])
    for (const task of left) giveUp(options.tally, task, 'no host is left')
    return mark
  } finally {
    // One that failed takes the other with it.
    stop.abort(new Failure('unavailable', 'another part of the copy failed'))
    changed()
    await Promise.allSettled([ended, found])
  }
}

type JobPlace = Pick<PartJob, 'host' | 'bytesPerSecond' | 'signal'>

async function attempt(options: CopyTreeOptions, task: Task, place: JobPlace): Promise<Attempt> {
  const job = partJob(options, task, place)
  return await checkPart(options, job, await options.copier.copy(job))
}

/** What a program is told of a part. */
export function partJob({ folder, log, tally }: CopyTreeOptions, task: Task, place: JobPlace): PartJob {
  const { part, spool } = task
  return {
    ...place,
    part,
    spoolPath: folder.file(spool),
    isTogether: spool === 'together',
    log: (text) => log(part.number, text),
    onProgress: (files, bytes) => tally.addUnderWay(files, bytes),
  }
}

/** Looks for names that an attempt has passed over, where that can be seen. */
export async function checkPart(
  { copier, isDeep, localSource, localDestination }: CopyTreeOptions,
  job: PartJob,
  last: Attempt,
): Promise<Attempt> {
  if (isDeep || localSource === undefined) return last
  return await checkVanished(localSource, copier, job, last, localDestination)
}

function finish({ folder, tally, isDeep, onPart }: CopyTreeOptions, task: Task, last: Attempt, host: Host): void {
  const { part, copied, copiedBytes } = task
  const present = last.present ?? part.files
  const files = filesOf(part, present, isDeep)
  tally.found = { ...tally.found, files: tally.found.files + files - part.files }
  const counts = { copied, copiedBytes, present, failed: last.failed }
  tally.addPart({ ...counts, files, bytes: part.bytes })
  onPart({ part: part.number, spool: task.spool, host: host.name, ...counts, attempts: task.attempts })
  if (last.failed > 0 || last.end !== 'done') {
    tally.addProblem({ names: last.names, count: last.failed, reason: last.reason, hint: last.hint })
  } else folder.finish(part, task.spool, { copied, copiedBytes, present })
}

function giveUp(tally: Tally, { part, copied, copiedBytes }: Task, reason: string): void {
  tally.addPart({ files: part.files, bytes: part.bytes, copied, copiedBytes, present: part.files, failed: part.files })
  tally.addProblem({ names: [], count: part.files, reason })
}
