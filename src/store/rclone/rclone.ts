import { Failure, type FailureKind } from '../../errors.ts'
import { type Child, type ChildEnd, describeBadEnd, startChild } from '../../stream/child.ts'
import { rcloneDefaults } from '../../stream/rclone-defaults.ts'

// rclone(1), EXIT CODE. 1 and 2 are all that it has no number for.
export const notFound: readonly number[] = [3, 4]
const kinds: Readonly<Record<number, FailureKind>> = { 3: 'unavailable', 4: 'unavailable', 5: 'retry', 8: 'retry' }

// `--quiet` would not go with a level that the environment gives.
const quiet = ['--log-level=ERROR', '--ask-password=false']

/** Starts the user's rclone, with the user's settings. It never asks for a password: nobody may be there. */
export function startRclone(command: readonly string[], paths: readonly string[], stdin: 'pipe' | 'ignore'): Child {
  const [verb = '', ...words] = command
  const stdout = verb === 'rcat' ? 'ignore' : 'pipe'
  const argv = ['rclone', verb, ...rcloneDefaults, ...quiet, ...words, '--', ...paths]
  return startChild(argv, { stdin, stdout, stderr: 'keep' })
}

/** What a command writes to stdout; undefined if it ended with an allowed status. Holds all of it. */
export async function rcloneOutput(
  command: readonly string[],
  paths: readonly string[],
  { input, allowed = [] }: { readonly input?: string; readonly allowed?: readonly number[] } = {},
): Promise<string | undefined> {
  const child = startRclone(command, paths, input === undefined ? 'ignore' : 'pipe')
  // A program that ends early closes its stdin; its status tells why.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const pieces: Buffer[] = []
  for await (const bytes of child.stdout ?? []) pieces.push(bytes)
  const end = await child.ended
  if ('status' in end && allowed.includes(end.status)) return undefined
  judge(child, end, command[0] ?? '')
  return Buffer.concat(pieces).toString('utf8')
}

/** Waits for rclone's end. Any but a good one is a Failure. */
export async function rcloneEndsWell(child: Child, command: string): Promise<void> {
  judge(child, await child.ended, command)
}

function judge(child: Child, end: ChildEnd, command: string): void {
  const bad = describeBadEnd(end)
  if (bad === undefined) return
  const kind = 'killedBy' in end ? 'retry' : (kinds[end.status] ?? 'unavailable')
  throw new Failure(kind, [`rclone ${command} ${bad}`, lastLine(child.stderrTail())].filter(Boolean).join(': '))
}

/** Its last line is the sum of the others; the date before it is no news. */
function lastLine(stderr: string): string {
  const line = stderr.split('\n').at(-1) ?? ''
  return line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '').trim()
}
