import type { Readable } from 'node:stream'
import { Failure } from '../errors.ts'
import { describeBadEnd } from '../stream/child.ts'
import type { PartJob } from './copier.ts'
import { RsyncReport } from './rsync-report.ts'
import { type CopierEnd, runCopier } from './run-copier.ts'
import { tellingProgress } from './told-progress.ts'

export interface RsyncRun {
  /** With the flags that RsyncReport wants. */
  readonly argv: readonly string[]
  /** What it reads on stdin: a list of names. */
  readonly input: Readable
  readonly signal: AbortSignal
  /** How many names the report may keep. */
  readonly keepNames?: number
  /** It was told to say how far it is. */
  readonly isMeasured?: boolean
  readonly log?: PartJob['log']
  readonly onProgress?: PartJob['onProgress']
}

// How far it is, it says from the beginning of the line again, with two spaces behind the time and no end. Within the line there
// are two as well, and a piece that was read may end there.
const measuredLineEnd = /[\r\n]| {2}$(?<=\r +\d+ +\d+% [^\r\n(]*:.. {2})/

/** Runs rsync to its end, whatever end that is. Throws only if it cannot be started, tells nothing, or when aborted. */
export async function runRsync(run: RsyncRun): Promise<CopierEnd & { readonly report: RsyncReport }> {
  const { argv, input, signal, keepNames = 0, isMeasured = false, log = () => {}, onProgress = () => {} } = run
  const report = new RsyncReport(keepNames)
  const tell = tellingProgress(onProgress)
  const ended = await runCopier({
    argv,
    input,
    lineEnd: isMeasured ? measuredLineEnd : '\n',
    onLine: (line) => {
      const isTold = report.add(line)
      if (isMeasured) tell(report.goneFiles, report.goneBytes)
      else tell(report.copied, report.copiedBytes)
      if (isTold) log(`${line}\n`)
    },
    onStderr: log,
    signal,
  })
  tell(report.copied, report.copiedBytes)
  // Such as when a flag makes it tell of itself.
  if (describeBadEnd(ended.end) === undefined && report.present === undefined)
    throw new Failure('protocol', 'rsync ended with status 0, and did not tell what it has done')
  return { ...ended, report }
}
