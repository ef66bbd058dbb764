import { Failure, type FailureKind } from '../errors.ts'
import type { ChildEnd } from '../stream/child.ts'

/** What rsync's exit status means for the names that it was given; see rsync(1), EXIT VALUES. */
export type RsyncEnd = 'done' | 'partial' | 'broken' | 'host lost'

const byStatus: Readonly<Record<number, RsyncEnd>> = {
  0: 'done',
  // Some names failed, or vanished while it ran.
  23: 'partial',
  24: 'partial',
  // The connection: refused, broken, timed out.
  10: 'broken',
  12: 'broken',
  30: 'broken',
  35: 'broken',
  // ssh's own.
  255: 'host lost',
}

// Not worth another attempt: it does not understand what it is told.
const hopeless: Readonly<Record<number, FailureKind>> = { 1: 'usage', 2: 'protocol', 4: 'usage', 127: 'unavailable' }

/** Throws a Failure where no attempt can be better. `host`: where it ran, if that is not this machine. */
export function judgeRsync(end: ChildEnd, said: string, host?: string): RsyncEnd {
  if ('killedBy' in end) return 'broken'
  const kind = hopeless[end.status]
  if (kind !== undefined) {
    const bad = `rsync ended with status ${end.status}: ${lastLines(said)}`
    throw new Failure(kind, host === undefined ? bad : `${host}: ${bad}`)
  }
  const verdict = byStatus[end.status] ?? 'broken'
  // What rsync sees first, the end of its ssh or the broken pipe to it, is chance.
  return verdict === 'broken' && isOfSsh.test(said) ? 'host lost' : verdict
}

const byErrno: Readonly<Record<number, FailureKind>> = {
  1: 'permission',
  2: 'unavailable',
  13: 'permission',
  20: 'exists',
  28: 'io',
  30: 'permission',
  122: 'io',
}

const isOfSsh =
  /^ssh: (connect to host|Could not resolve)|^(Connection timed out during banner|Host key verification failed)|^\S+: Permission denied \(/m

/** The kind of what rsync says: it ends each complaint of the system's with the error's number, `(13)`. */
export function kindOfComplaint(said: string): FailureKind {
  const [, errno = ''] = /\((\d+)\)(?:; |$)/.exec(lastLines(said)) ?? []
  return byErrno[Number(errno)] ?? 'io'
}

/** What helps where no other attempt would, --delete least of all: it waits until all is copied. */
export function hintOf(said: string): { readonly hint?: string } {
  if (!said.includes('could not make way for new ')) return {}
  return { hint: 'a folder that is not empty has that name: remove it, or add --force to --rsync-flags' }
}

/** On one line, without the line in which rsync tells where in its source it was. */
export function lastLines(said: string): string {
  // ssh ends its lines as for a terminal.
  const lines = said.split(/\r?\n/).filter((line) => line !== '' && !/^rsync error: .* at \w+\.c\(\d+\)/.test(line))
  return lines.slice(-3).join('; ') || said.trim()
}
