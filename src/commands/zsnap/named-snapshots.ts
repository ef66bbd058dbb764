import { goOnAfterFailures } from '../../cli/going-on.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'

export const manySnapshots = {
  many: true,
  describe: 'snapshots, as dataset@name; - reads their names from stdin, one on a line',
  completes: 'snapshot',
} as const

/** What is done to each of many snapshots. */
export interface SnapshotWork {
  readonly isDryRun: boolean
  /** The words of the call of zfs that does it. */
  wordsFor(name: string): readonly string[]
  /** Gives false if there was nothing to do, as when the same was done before. */
  work(name: string): Promise<boolean>
  /** What an event tells beside the snapshot. */
  factsOf(name: string, isDone: boolean): object
  /** What is said where there was nothing to do. */
  readonly already: string
}

/** The names that the command line means. Throws 'usage' for what is no snapshot's, and if there is none. */
export async function snapshotNames(words: readonly string[], terminal: Terminal): Promise<readonly string[]> {
  const { readNames } = await import('../../stream/read-names.ts')
  const { checkedSnapshotName } = await import('../../zfs/dataset-name.ts')
  const names = (await readNames(words, terminal.signal)).map(checkedSnapshotName)
  if (names.length === 0) throw new Failure('usage', 'stdin names no snapshot')
  return names
}

/** Does it to one after the other, although one before it failed. */
export async function forEachSnapshot(
  words: readonly string[],
  { isDryRun, wordsFor, work, factsOf, already }: SnapshotWork,
  terminal: Terminal,
): Promise<void> {
  const { shellLine } = await import('../../stream/shell-words.ts')
  const goingOn = goOnAfterFailures(terminal)
  for (const name of await snapshotNames(words, terminal)) {
    terminal.signal.throwIfAborted()
    if (isDryRun && !terminal.json) terminal.print(shellLine(['zfs', ...wordsFor(name)]))
    const isDone = isDryRun ? false : await goingOn.attempt(() => work(name))
    if (isDone === false && !isDryRun && terminal.verbose) terminal.say(`${name}: ${already}`)
    if (isDone !== undefined) terminal.event({ snapshot: name, ...factsOf(name, isDone) })
  }
  goingOn.end()
}
