import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes, formatRate } from '../../cli/units.ts'
import type { Tally } from '../../copy/tally.ts'
import { Failure } from '../../errors.ts'
import type { Arguments } from './options.ts'

/** What became of all that was found: the last line, or the last event. */
export function report(tally: Tally, elapsedMs: number, args: Arguments, terminal: Terminal): void {
  const { found, copied, copiedBytes, unchanged, vanished, failed, deleted, foldersNotKept } = tally
  sayProblems(tally, terminal)
  const counted = { found, copied, copiedBytes, unchanged, vanished, failed, deleted, foldersNotKept }
  terminal.event({ event: 'end', ...counted, elapsedMs })
  if (terminal.json || terminal.quiet) return
  const rate = formatRate((1000 * copiedBytes) / Math.max(1, elapsedMs))
  const counts = [
    `${copied} ${args['dry-run'] ? 'to copy' : 'copied'} (${formatBytes(copiedBytes)}, ${rate})`,
    `${unchanged} unchanged`,
    `${vanished} vanished`,
    `${failed} failed`,
    ...(args.delete ? [`${deleted} ${args['dry-run'] ? 'to delete' : 'deleted'}`] : []),
    ...(foldersNotKept > 0 ? [`${foldersNotKept} empty folders cannot be kept there`] : []),
  ]
  terminal.print(
    `${found.files} files and ${found.folders} folders found (${formatBytes(found.bytes)}): ${counts.join(', ')}`,
  )
}

export function sayProblems({ problems }: Tally, terminal: Terminal): void {
  for (const { names, count, reason } of problems) {
    const some = names.length === 0 ? '' : `: ${names.join(', ')}${count > names.length ? ', …' : ''}`
    terminal.say(`${count === 0 ? '' : `${count} not copied: `}${reason}${some}`)
  }
}

/** What dsync ends with when not all is copied. */
export function incomplete({ failed, found, problems }: Tally): Failure {
  const kind = problems.find((problem) => problem.kind !== undefined)?.kind ?? 'io'
  const what = failed > 0 ? `${failed} of ${found.files} files were not copied` : 'not all is copied'
  const isHopeless = problems.every(({ hint }) => hint !== undefined)
  const again = 'run the same command again: what is there is not copied twice'
  return new Failure(kind, what, { hint: (isHopeless ? problems[0]?.hint : undefined) ?? again })
}

type Comparison = Awaited<ReturnType<typeof import('../../copy/verify-tree.ts').verifyTree>>

/** Throws 'data' if both trees are not the same. */
export function judge({ compared, different, names, reasons }: Comparison, terminal: Terminal): void {
  terminal.event({ compared, different })
  for (const reason of reasons) terminal.say(`comparing: ${reason}`)
  if (different > 0 || reasons.length > 0) {
    const hint = 'what differs in content alone is copied with --rsync-flags "-aAX --checksum"'
    throw new Failure('data', `${different} of ${compared} files differ: ${names.slice(0, 20).join(', ')}`, { hint })
  }
  if (!terminal.json && !terminal.quiet) terminal.print(`${compared} files compared, all equal`)
}
