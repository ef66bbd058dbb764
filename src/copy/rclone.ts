import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { Failure, type FailureKind } from '../errors.ts'
import { type ChildEnd, describeBadEnd } from '../stream/child.ts'
import { rcloneDefaults } from '../stream/rclone-defaults.ts'
import { shellLine } from '../stream/shell-words.ts'
import type { Attempt, Copier, PartJob, Remainder, TopNames } from './copier.ts'
import { type BytePath, bytePath, textOf } from './entry.ts'
import { type Host, onHost } from './host.ts'
import { namesHere } from './names-at-top.ts'
import { rcloneNames } from './rclone-names.ts'
import { RcloneReport } from './rclone-report.ts'
import { type RemovalLimit, refuseMany } from './removal-limit.ts'
import { runCopier } from './run-copier.ts'
import { tellingProgress } from './told-progress.ts'

export interface RcloneOptions {
  /** A local folder, and what rclone calls the destination. */
  readonly source: string
  readonly destination: string
  readonly configFile: string | undefined
  /** For each program whose command is printed. */
  readonly bytesPerSecond: number | undefined
  readonly ssh: readonly string[]
  readonly exclude: readonly string[]
  /** A folder in the source that is left out, if any. */
  readonly own: BytePath | undefined
  readonly dryRun: boolean
}

// One call moves so many files at a time, as rclone does by itself; parts multiply it.
const transfers = 4

const copyFlags = ['--use-json-log', '--log-level=INFO', '--stats=1s', '--stats-log-level=INFO', '--retries=1']

// 64 small files: over a network they take longer than the start of rclone.
const leastAtFirst = 2 * 1024 * 1024

// These change nothing.
const looks = new Set(['check', 'backend'])

// rclone(1), EXIT CODES: worth no other attempt.
const hopeless: Readonly<Record<number, FailureKind>> = {
  2: 'usage',
  3: 'unavailable',
  7: 'permission',
  127: 'unavailable',
}

/** Drives rclone, version 1.56 or later. Folders are made, symbolic links stored as rclone's `--links` does. */
export class Rclone implements Copier {
  readonly kinds = new Set(['file'] as const)
  readonly takesFolders = false
  readonly isFar = true
  readonly leastAtFirst = leastAtFirst
  readonly listEnd = '\n'
  readonly #options: RcloneOptions
  #toldOfFolders: string | undefined

  constructor(options: RcloneOptions) {
    this.#options = options
  }

  async prepare(host: Host, signal: AbortSignal): Promise<void> {
    const { destination, dryRun } = this.#options
    // Asked for at the end, and needs a start of rclone: meanwhile the other waits for the network.
    const told = this.#askOfFolders(host, signal).catch(() => undefined)
    try {
      if (!dryRun) await this.#run(['mkdir', destination], Readable.from([]), host, signal)
    } finally {
      this.#toldOfFolders = await told
    }
  }

  async copy(job: PartJob): Promise<Attempt> {
    const { source, destination } = this.#options
    const { names, odd, unsayable } = await rcloneNames(job)
    const limit = limitOf(job.bytesPerSecond)
    const words = ['copy', '--files-from-raw=-', '--no-traverse', ...limit, source, destination]
    const tell = tellingProgress(job.onProgress)
    // To S3 it reads a file for its checksum first, and counts its bytes twice.
    const bytesOf = ({ copiedBytes }: { copiedBytes: number }) => Math.min(copiedBytes, job.part.bytes)
    const onReport = (report: RcloneReport) => tell(report.copied, bytesOf(report))
    const { end, report } = await this.#run(words, Readable.from(names), job.host, job.signal, job.log, onReport)
    for (const name of odd) {
      const one = ['copyto', ...limit, ...this.#pathsOf(name)]
      report.addAll((await this.#run(one, Readable.from([]), job.host, job.signal, job.log)).report)
    }
    for (const name of unsayable)
      report.addFailed(name, 'a line break, and bytes that are no UTF-8, rclone cannot be told')
    const attempt = attemptOf(end, report, job.part.files)
    tell(attempt.copied, bytesOf(attempt))
    return { ...attempt, copiedBytes: bytesOf(attempt) }
  }

  async compare(job: PartJob, by: 'size' | 'checksum'): Promise<Attempt> {
    const { source, destination } = this.#options
    const { names, odd, unsayable } = await rcloneNames(job)
    const words = ['check', '--one-way', '--combined=-', '--files-from-raw=-', source, destination]
    const sizes = by === 'size' ? ['--size-only'] : []
    const { end, report } = await this.#run([...words, ...sizes], Readable.from(names), job.host, job.signal, job.log)
    const { differing } = report
    const isTold = differing.length > 0 || describeBadEnd(end) === undefined
    for (const name of odd) {
      const one = ['copyto', '--checksum', '--dry-run', ...this.#pathsOf(name)]
      const look = await this.#run(one, Readable.from([]), job.host, job.signal, job.log)
      if (look.report.checked === 1) report.equal += 1
      else report.differing.push(name)
    }
    report.differing.push(...unsayable)
    return {
      end: isTold ? 'done' : 'broken',
      copied: 0,
      copiedBytes: 0,
      present: report.equal + differing.length,
      failed: differing.length,
      names: differing,
      reason: report.lastError,
    }
  }

  async finish({ symlinks, files }: Remainder, host: Host, signal: AbortSignal): Promise<Attempt> {
    const { source, destination } = this.#options
    const made = await this.#makeFolders(host, signal)
    if (symlinks === 0 || made.end !== 'done') return made
    // rclone's lists and rules cannot name links alone: it looks at everything once more.
    const all = ['copy', '--links', ...this.#left(), source, destination]
    const { end, report } = await this.#run(all, Readable.from([]), host, signal)
    const attempt = attemptOf(end, report, symlinks)
    const missing = files - report.seen
    if (attempt.end !== 'done' || missing <= 0) return attempt
    return { ...attempt, end: 'partial', failed: missing, reason: 'symbolic links are missing' }
  }

  async keepsEmptyFolders(host: Host, signal: AbortSignal): Promise<boolean> {
    return (await this.#tellsOfFolders(host, signal)) === 'true'
  }

  /** What the destination says of whether it can have empty folders: `true`, `false`, or nothing. */
  async #tellsOfFolders(host: Host, signal: AbortSignal): Promise<string | undefined> {
    this.#toldOfFolders ??= await this.#askOfFolders(host, signal)
    return this.#toldOfFolders
  }

  async #askOfFolders(host: Host, signal: AbortSignal): Promise<string | undefined> {
    const words = ['backend', 'features', this.#options.destination]
    const { report } = await this.#run(words, Readable.from([]), host, signal)
    return /"CanHaveEmptyDirectories": (\w+)/.exec(report.lines.join('\n'))?.[1]
  }

  async #makeFolders(host: Host, signal: AbortSignal): Promise<Attempt> {
    const { source, destination } = this.#options
    const nothing = new RcloneReport()
    if ((await this.#tellsOfFolders(host, signal)) === 'false') return attemptOf({ status: 0 }, nothing, 0)
    // No file is that large: this makes the folders alone. A rule for times would ask S3 about every object.
    const none = ['--min-size=7E', '--no-traverse']
    const folders = ['copy', '--create-empty-src-dirs', ...none, ...this.#left(), source, destination]
    const { end, report } = await this.#run(folders, Readable.from([]), host, signal)
    return attemptOf(end, report, 0)
  }

  async topNames(host: Host, signal: AbortSignal): Promise<TopNames> {
    const { source, destination } = this.#options
    // What keeps it from being looked at is told when it is made.
    const look = await this.#run(['lsf', destination], Readable.from([]), host, signal).catch(noneIfUnavailable)
    const bad = look === undefined ? undefined : describeBadEnd(look.end)
    if (bad !== undefined) throw new Failure('io', `${destination}: ${look?.report.lastError || `rclone ${bad}`}`)
    const names = look?.report.lines.map((name) => bytePath(name.replace(/(\/|\.rclonelink)$/, '')))
    return { source: await namesHere(source), destination: names ?? [] }
  }

  async removeExtra(host: Host, limit: RemovalLimit | undefined, signal: AbortSignal): Promise<number> {
    const { source, destination } = this.#options
    const same = ['--one-way', '--links', '--size-only', '--missing-on-dst=-']
    const look = ['check', ...same, ...this.#left(), destination, source]
    const looked = this.#run(look, Readable.from([]), host, signal)
    // A dry run has made no destination.
    const told = await (limit === undefined ? looked.catch(noneIfUnavailable) : looked)
    if (told === undefined) return 0
    const { end, report } = told
    // Status 1 says that something differs, and that something could not be read as well.
    const isTold = 'status' in end && (end.status === 0 || (end.status === 1 && report.lines.length > 0))
    if (!isTold) throw new Failure('io', `looking for what to delete: ${report.lastError || describeBadEnd(end)}`)
    const extra = report.lines
    // A name with a line break comes as two, and the second may be that of another file.
    const kept = extra.find((name) => existsSync(`${source}${name}`))
    if (kept !== undefined) throw new Failure('data', `'${kept}' would be deleted, and the source has it: nothing was`)
    if (limit !== undefined) refuseMany(extra.length, limit)
    if (limit === undefined || extra.length === 0) return extra.length
    await limit.roots.check()
    const remove = ['delete', '--files-from-raw=-', destination]
    const names = Readable.from([extra.map((name) => `${name}\n`).join('')])
    const removed = await this.#run(remove, names, host, signal)
    const bad = describeBadEnd(removed.end)
    if (bad !== undefined) throw new Failure('io', `deleting: ${removed.report.lastError || `rclone ${bad}`}`)
    return extra.length
  }

  commandFor(listPath: string): string {
    const { source, destination, bytesPerSecond } = this.#options
    const limit = limitOf(bytesPerSecond)
    return shellLine(
      this.#argv(['copy', ...limit, `--files-from-raw=${listPath}`, '--no-traverse', source, destination]),
    )
  }

  #pathsOf(name: string): readonly string[] {
    const { source, destination } = this.#options
    return [`${source}${name}`, `${destination.replace(/([^:/])$/, '$1/')}${name}`]
  }

  /** Rules that leave out what is excluded, and all below it. */
  #left(): readonly string[] {
    const { exclude, own } = this.#options
    const left = exclude.map(asRclones).flatMap((pattern) => [`--filter=- ${pattern}`, `--filter=- ${pattern}/**`])
    return own === undefined ? left : [...left, `--filter=- /${textOf(own).replaceAll(/[*?[\]{}\\]/g, '\\$&')}/**`]
  }

  #argv(words: readonly string[]): readonly string[] {
    const { configFile, dryRun } = this.#options
    const [verb = '', ...rest] = words
    return [
      'rclone',
      verb,
      ...rcloneDefaults,
      ...(configFile === undefined ? [] : [`--config=${configFile}`]),
      ...(dryRun && !looks.has(verb) ? ['--dry-run'] : []),
      ...(verb.startsWith('copy') ? [...copyFlags, `--transfers=${transfers}`] : ['--retries=3']),
      ...rest,
    ]
  }

  async #run(
    words: readonly string[],
    input: Readable,
    host: Host,
    signal: AbortSignal,
    log: PartJob['log'] = () => {},
    onReport: (report: RcloneReport) => void = () => {},
  ) {
    const report = new RcloneReport()
    const { end, said } = await runCopier({
      argv: onHost(host, this.#options.ssh, this.#argv(words)),
      input,
      onLine: (line) => report.addLine(line),
      onStderr: (bytes) => {
        log(report.addLog(bytes))
        onReport(report)
      },
      signal,
    })
    log(report.endOfLog())
    const kind = 'status' in end ? hopeless[end.status] : undefined
    if (kind !== undefined) throw new Failure(kind, `rclone: ${report.lastError || said}`)
    return { end, report }
  }
}

function noneIfUnavailable(error: unknown): undefined {
  if (!(error instanceof Failure && error.kind === 'unavailable')) throw error
}

/** Braces mean something to it, and what is not meant begins with another sign. */
function asRclones(pattern: string): string {
  return pattern.replaceAll('[!', '[^').replaceAll(/[{}]/g, '\\$&')
}

function limitOf(bytesPerSecond: number | undefined): readonly string[] {
  return bytesPerSecond === undefined ? [] : [`--bwlimit=${Math.max(1, Math.round(bytesPerSecond))}B`]
}

function attemptOf(end: ChildEnd, report: RcloneReport, files: number): Attempt {
  const { copied, checked, errors, copiedBytes, failedNames, lastError } = report
  const isDone = describeBadEnd(end) === undefined && errors === 0
  return {
    end: isDone ? 'done' : copied + checked + errors > 0 ? 'partial' : 'broken',
    copied,
    copiedBytes,
    // What is in the list and not at the source, rclone passes over in silence.
    present: isDone ? Math.min(files, report.seen) : files,
    failed: isDone ? 0 : Math.max(1, files - report.seen),
    names: failedNames,
    reason: isDone ? '' : lastError || (describeBadEnd(end) ?? ''),
  }
}
