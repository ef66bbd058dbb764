import { text } from 'node:stream/consumers'
import { Failure, type FailureKind } from '../errors.ts'
import { describeBadEnd, startChild } from '../stream/child.ts'

// Room for a line about each of as many names as are given to one call.
const saidBytes = 128 * 1024
/** The most names for one call, each of 255 bytes: a system may take no more. */
export const mostNames = 200

/**
 * Runs `zfs` with these words and gives what it prints. What zfs refuses is a Failure of the kind that its words mean,
 * with its first line for a message. Not to be stopped half-way: each call is one step, done or not done.
 */
export async function runZfs(...words: readonly string[]): Promise<string> {
  const { output, bad, said } = await start(words)
  if (bad !== undefined) throw judgeRefusal(`zfs ${words[0]} ${bad}`, said)
  return output
}

/** The same for several names, of which some need not be there: gives what it prints of the others. */
export function runZfsOnSome(...words: readonly string[]): Promise<string> {
  return runZfsBut(/dataset does not exist$/, ...words)
}

/** The same where some may be refused, for a reason that is no failure: gives what it prints of the others. */
export async function runZfsBut(expected: RegExp, ...words: readonly string[]): Promise<string> {
  const { output, bad, said } = await start(words)
  const lines = said.trim().split('\n')
  if (bad !== undefined && !lines.every((line) => expected.test(line)))
    throw judgeRefusal(`zfs ${words[0]} ${bad}`, said)
  return output
}

async function start(words: readonly string[]) {
  // It begins with what is wrong; pages of usage may follow.
  let said = ''
  const onStderr = (bytes: Uint8Array) => {
    if (said.length < saidBytes) said += Buffer.from(bytes).toString('utf8')
  }
  const child = startChild(['zfs', ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', onStderr })
  const [output, end] = await Promise.all([text(child.stdout), child.ended])
  return { output, bad: describeBadEnd(end), said }
}

/** True if this ZFS is too old to know an option, a type or a property that it was asked for. */
export function isUnknownToZfs(error: unknown): boolean {
  return (
    error instanceof Failure &&
    /: (invalid option|invalid type|bad property list|invalid property|unrecognized command)/.test(error.message)
  )
}

/** The rows of what `zfs list -H` or `zfs get -H` prints. */
export function rowsOf(output: string): readonly (readonly string[])[] {
  return mapRows(output, (row) => row)
}

/** What is made of each row. No more than one row is kept for it: of 10,000 and more, they are much to clear away. */
export function mapRows<Made>(output: string, make: (row: readonly string[]) => Made): Made[] {
  const made: Made[] = []
  for (let start = 0; start < output.length; ) {
    const found = output.indexOf('\n', start)
    const end = found < 0 ? output.length : found
    if (end > start) made.push(make(output.slice(start, end).split('\t')))
    start = end + 1
  }
  return made
}

const refusals: readonly (readonly [words: RegExp, kind: FailureKind])[] = [
  [/already exists|bookmark exists/, 'exists'],
  [/does not exist|no such pool|could not find/, 'unavailable'],
  [/permission denied|must be (super-?user|root)|Operation not permitted/i, 'permission'],
  [/out of space|quota exceeded/, 'io'],
  [/is busy|being held|dependent clones|is cloned|tag already exists/, 'exists'],
  [/invalid (character|dataset name|name)|name is too long|empty component|missing '@'/, 'usage'],
]

/** zfs indents what goes with the line before, and begins an error with `cannot`. */
function judgeRefusal(end: string, stderr: string): Failure {
  const lines = stderr.split('\n').map((line) => line.trim())
  const first = lines.find((line) => line.startsWith('cannot ')) ?? lines.find((line) => line !== '')
  const kind = refusals.find(([words]) => words.test(stderr))?.[1] ?? 'unavailable'
  return new Failure(kind, first === undefined ? end : `zfs: ${first}`)
}
