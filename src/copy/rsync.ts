import { access, constants } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Failure } from '../errors.ts'
import { type ChildEnd, describeBadEnd } from '../stream/child.ts'
import { shellLine } from '../stream/shell-words.ts'
import type { Attempt, Copier, PartJob, Remainder, TopNames } from './copier.ts'
import type { BytePath } from './entry.ts'
import { type Host, HostLost, onHost } from './host.ts'
import { makeFolder } from './make-folder.ts'
import { namesHere, namesThere } from './names-at-top.ts'
import { type RemovalLimit, refuseMany } from './removal-limit.ts'
import { hintOf, judgeRsync, kindOfComplaint, lastLines } from './rsync-end.ts'
import { leftOut, rooted } from './rsync-filter.ts'
import type { RsyncReport } from './rsync-report.ts'
import { type RsyncRun, runRsync } from './run-rsync.ts'
import { type Piece, piecesOf, readSpool } from './spool.ts'

export interface RsyncOptions {
  /** Folders as rsync takes them, `/src/` or `host:/src/`, each with a slash behind. */
  readonly source: string
  readonly destination: string
  /** What is kept of each file: `-aAX`, for instance. */
  readonly flags: readonly string[]
  /** For each program whose command is printed. */
  readonly bytesPerSecond: number | undefined
  /** The words that reach a host. */
  readonly ssh: readonly string[]
  /** Patterns of names that `removeExtra` must leave alone. */
  readonly exclude: readonly string[]
  /** A folder in the source that is left out, if any. */
  readonly own: BytePath | undefined
  /** Folders in the destination that `removeExtra` must leave alone. */
  readonly spared: readonly BytePath[]
  readonly dryRun: boolean
  /** Names stand for all that is below them. */
  readonly isDeep: boolean
  /** They were found by a walk that left out what is excluded; else a user gave a list of them. */
  readonly isWalked: boolean
  readonly takesFolders: boolean
}

// Fewer names of folders are not worth another rsync's start.
const leastFoldersBytes = 1024
// Of larger files a part's rsync is asked how far it is. For each file it says so too: of small ones that would cost.
const leastMeasuredBytes = 256 * 1024
// How many names a message may come to tell of.
const namesKept = 20

/** Drives rsync, version 3.1 or later. */
export class Rsync implements Copier {
  readonly kinds = new Set(['file', 'symlink', 'special'] as const)
  readonly takesFolders: boolean
  readonly isFar: boolean
  readonly listEnd = '\0'
  readonly #options: RsyncOptions

  constructor(options: RsyncOptions) {
    this.#options = options
    this.takesFolders = options.takesFolders
    this.isFar = [options.source, options.destination].some(isRemote)
  }

  async prepare(host: Host, signal: AbortSignal): Promise<void> {
    const { destination, dryRun } = this.#options
    if (dryRun) return
    if (host.name === undefined && host.destinationHost === undefined && !isRemote(destination)) {
      await makeFolder(destination)
      await access(destination, constants.W_OK | constants.X_OK)
    }
    const { end, said } = await this.#copyRoot(host, signal)
    const verdict = judgeRsync(end, said, host.name)
    if (verdict === 'done') return
    if (verdict === 'host lost') throw new HostLost(host, lastLines(said))
    throw new Failure(kindOfComplaint(said), lastLines(said))
  }

  async copy(job: PartJob): Promise<Attempt> {
    const { host, part, log, onProgress } = job
    const isMeasured = !this.#options.dryRun && part.bytes >= leastMeasuredBytes * part.files
    const flags = [...this.#partFlags(job), ...limitOf(job.bytesPerSecond), ...(isMeasured ? ['--info=progress2'] : [])]
    const more = { log, onProgress, isMeasured }
    const { end, said, report } = await this.#run(this.#forNames(host, flags), namesOf(job), host, job.signal, more)
    const verdict = judgeRsync(end, said, host.name)
    const soFar = { copied: report.copied, copiedBytes: report.copiedBytes, reason: reasonOf(end, said) }
    if (verdict === 'done') return { ...soFar, end: 'done', present: report.present, ...skippedOf(report) }
    if (verdict !== 'partial') return { ...soFar, end: verdict, present: undefined, failed: part.files, names: [] }
    // What failed, and what only vanished, is seen by looking again.
    const rest = await this.#compare(job, [])
    const isWhole = rest.end === 'done' && rest.failed === 0
    return { ...rest, ...soFar, ...hintOf(said), end: isWhole ? 'done' : rest.end === 'done' ? 'partial' : rest.end }
  }

  compare(job: PartJob, by: 'size' | 'checksum'): Promise<Attempt> {
    return this.#compare(job, [by === 'checksum' ? '--checksum' : '--size-only'])
  }

  async #compare(job: PartJob, flags: readonly string[]): Promise<Attempt> {
    const argv = this.#forNames(job.host, [...this.#partFlags(job), '--dry-run', ...flags])
    const more = { log: job.log, keepNames: namesKept }
    const { end, said, report } = await this.#run(argv, namesOf(job), job.host, job.signal, more)
    const verdict = judgeRsync(end, said, job.host.name)
    const isTold = verdict === 'done' || verdict === 'partial'
    // What stands in a name's way, rsync tells on stderr alone.
    const isRefused = 'status' in end && end.status === 23
    const failed = Math.max(report.changed, isRefused ? 1 : 0)
    return {
      end: isTold ? 'done' : verdict,
      copied: 0,
      copiedBytes: 0,
      present: report.present,
      failed: isTold ? failed : job.part.files,
      names: report.names,
      reason: isTold && failed === 0 ? '' : reasonOf(end, said),
    }
  }

  async finish({ foldersPath, workers }: Remainder, host: Host, signal: AbortSignal): Promise<Attempt> {
    const argv = this.#forNames(host, []).filter((word) => !notAtLast.has(word))
    const of = (piece?: Piece) => this.#run(argv, readSpool(foldersPath, piece), host, signal)
    const isDone = ({ end, said }: Awaited<ReturnType<typeof of>>) => judgeRsync(end, said, host.name) === 'done'
    const pieces = await piecesOf(foldersPath, workers, leastFoldersBytes)
    const all = pieces.length > 1 ? await Promise.allSettled(pieces.map(of)) : []
    // One may have closed a folder to another: one by itself opens it again.
    const isWhole = all.length > 0 && all.every((each) => each.status === 'fulfilled' && isDone(each.value))
    const below = isWhole ? undefined : await of()
    const { end, said } = below === undefined || isDone(below) ? await this.#copyRoot(host, signal) : below
    const verdict = judgeRsync(end, said, host.name)
    const reason = verdict === 'done' ? '' : reasonOf(end, said)
    return { end: verdict, copied: 0, copiedBytes: 0, present: undefined, failed: 0, names: [], reason }
  }

  async keepsEmptyFolders(): Promise<boolean> {
    return true
  }

  async topNames(host: Host, signal: AbortSignal): Promise<TopNames> {
    const { source, destination, ssh } = this.#options
    const of = async (place: string, name: string | undefined) => {
      const [reached = name, folder] = isRemote(place) ? (/^([^:]*):(.*)$/s.exec(place) ?? []).slice(1) : [name, place]
      return reached === undefined ? namesHere(place) : namesThere([...ssh, reached], folder ?? place, signal)
    }
    return {
      source: await of(source, host.name),
      destination: await of(destination, host.destinationHost ?? host.name),
    }
  }

  async removeExtra(host: Host, limit: RemovalLimit | undefined, signal: AbortSignal): Promise<number> {
    const extra = await this.#removeExtra(host, '--dry-run', signal)
    if (limit === undefined || extra === 0) return extra
    refuseMany(extra, limit)
    await limit.roots.check()
    // Of a source that is unmounted from now on, no more goes than was extra in it.
    return await this.#removeExtra(host, `--max-delete=${extra}`, signal)
  }

  async #removeExtra(host: Host, how: string, signal: AbortSignal): Promise<number> {
    const { exclude, spared } = this.#options
    const argv = this.#argv(host, [
      '--recursive',
      '--delete',
      '--existing',
      '--ignore-existing',
      ...[...exclude, ...spared.map(rooted)].map(leftOut),
      how,
    ])
    const { end, said, report } = await this.#run(argv, Readable.from([]), host, signal)
    if (judgeRsync(end, said, host.name) !== 'done')
      throw new Failure(kindOfComplaint(said), `deleting: ${lastLines(said)}`)
    return report.deleted
  }

  commandFor(listPath: string, isTogether: boolean): string {
    const { destination, dryRun } = this.#options
    const flags = [...(isTogether ? togetherFlags : []), ...(dryRun ? ['--dry-run'] : [])]
    const limit = limitOf(this.#options.bytesPerSecond)
    const names = ['--from0', `--files-from=${listPath}`]
    const argv = this.#argv(undefined, [...names, ...this.#nameFlags(), ...flags, ...limit])
    // Of several rsync that find no destination, all but one fail to make it.
    const first = dryRun || isRemote(destination) ? '' : `${shellLine(['mkdir', '-p', '--', destination])} && `
    return `${first}${shellLine(argv)}`
  }

  /** How names in a list are taken. */
  #nameFlags(): readonly string[] {
    const { exclude, own, isDeep, isWalked } = this.#options
    const left = [...exclude, ...(own === undefined ? [] : [rooted(own)])]
    return [...(isDeep ? deep : partOnly), ...(isWalked ? left.map(leftOut) : [])]
  }

  /** The folder itself, and nothing in it. */
  #copyRoot(host: Host, signal: AbortSignal) {
    const { dryRun } = this.#options
    const flags = ['--dirs', '--exclude=*', ...(dryRun ? ['--dry-run'] : [])]
    return this.#run(this.#argv(host, flags), Readable.from([]), host, signal)
  }

  #partFlags({ isTogether }: PartJob): readonly string[] {
    return isTogether ? togetherFlags : []
  }

  #forNames(host: Host, flags: readonly string[]): readonly string[] {
    const { dryRun } = this.#options
    return this.#argv(host, [
      '--from0',
      '--files-from=-',
      ...this.#nameFlags(),
      ...flags,
      ...(dryRun && !flags.includes('--dry-run') ? ['--dry-run'] : []),
    ])
  }

  #argv(host: Host | undefined, flags: readonly string[]): readonly string[] {
    const { source, destination, ssh } = this.#options
    const target = host?.destinationHost === undefined ? destination : `${host.destinationHost}:${destination}`
    const isFar = [source, target].some(isRemote)
    return [
      'rsync',
      ...this.#options.flags,
      ...flags,
      '--out-format=%i %l %n',
      '--stats',
      '--no-human-readable',
      ...(isFar ? ['--protect-args', `--rsh=${shellLine(ssh)}`] : []),
      '--',
      source,
      target,
    ]
  }

  #run(argv: readonly string[], input: Readable, host: Host, signal: AbortSignal, more: Partial<RsyncRun> = {}) {
    return runRsync({ argv: onHost(host, this.#options.ssh, argv), input, signal, ...more })
  }
}

/** What was left out though rsync ended well: no other attempt would be better. */
function skippedOf({ skipped, skippedNames }: RsyncReport): Pick<Attempt, 'failed' | 'names' | 'reason' | 'hint'> {
  if (skipped === 0) return { failed: 0, names: [], reason: '' }
  const reason = 'links or special files, which --rsync-flags does not keep'
  return {
    failed: skipped,
    names: skippedNames,
    reason,
    hint: 'add -l and -D to --rsync-flags, or --exclude their names',
  }
}

const deep = ['--recursive', '--ignore-missing-args']
// Names may go between the walk and the copy. The times of folders change with each file in them, and are set at the
// end; so are their modes, which until then must let the other parts write: an rsync that ends would close them.
const partOnly = ['--no-recursive', '--ignore-missing-args', '--omit-dir-times', '--chmod=Du+wx']
const notAtLast = new Set(['--omit-dir-times', '--chmod=Du+wx'])

function limitOf(bytesPerSecond: number | undefined): readonly string[] {
  return bytesPerSecond === undefined ? [] : [`--bwlimit=${Math.max(1, Math.round(bytesPerSecond / 1024))}k`]
}

const togetherFlags = ['--hard-links', '--sparse']

/** A colon before any slash, as rsync sees it. */
function isRemote(place: string): boolean {
  return /^[^/]*:/.test(place)
}

/** What it said last, or how it ended if it said nothing. */
function reasonOf(end: ChildEnd, said: string): string {
  return lastLines(said) || `rsync ${describeBadEnd(end) ?? 'ended'}`
}

function namesOf({ spoolPath, part }: PartJob): Readable {
  return readSpool(spoolPath, part)
}
