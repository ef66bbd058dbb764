import type { Failure } from '../errors.ts'
import { alignedLines } from './table.ts'
import type { Terminal } from './terminal.ts'
import { formatBytes, formatDuration } from './units.ts'

interface Outcome {
  readonly dataset: string
  readonly result: 'updated' | 'unchanged' | 'failed' | 'gone'
  readonly from?: string
  readonly to?: string
  readonly bytes: number
  readonly elapsedMs: number
  readonly remarks: readonly string[]
  readonly failure?: Failure
}

/** What a replication has done, for the table and the line at its end. */
export class SyncReport {
  readonly outcomes: Outcome[] = []
  readonly #startMs = performance.now()
  #streams = 0

  countStep(kind: string): void {
    if (['full', 'increment', 'resume'].includes(kind)) this.#streams += 1
  }

  /** On stdout; or events, one for each dataset and one for all. */
  show(from: string, to: string, terminal: Terminal): void {
    const elapsedMs = performance.now() - this.#startMs
    const count = (result: Outcome['result']) => this.outcomes.filter((each) => each.result === result).length
    const [brought, unchanged, failed, gone] = [count('updated'), count('unchanged'), count('failed'), count('gone')]
    const [streams, bytes] = [this.#streams, this.outcomes.reduce((sum, each) => sum + each.bytes, 0)]
    for (const { failure, ...each } of this.outcomes)
      terminal.event({ ...each, ...(failure === undefined ? {} : { kind: failure.kind, failed: failure.message }) })
    terminal.event({ from, to, brought, unchanged, failed, gone, streams, bytes, elapsedMs })
    if (terminal.json || terminal.quiet) return
    const shown = this.outcomes.filter(isWorthALine(terminal.verbose))
    if (shown.length > 0)
      for (const line of alignedLines([header, ...shown.map(rowOf)], { right: [3, 4] })) terminal.print(line)
    const moved = `${streams} ${streams === 1 ? 'stream' : 'streams'}, ${formatBytes(bytes)} in ${formatDuration(elapsedMs)}`
    const notThere = gone === 0 ? '' : `, ${gone} gone from the source`
    terminal.print(
      `${from} to ${to}: ${brought} brought up to date (${moved}), ${unchanged} unchanged, ${failed} failed${notThere}`,
    )
  }
}

const header = ['DATASET', 'FROM', 'TO', 'SENT', 'SECONDS', 'RESULT']

function isWorthALine(isVerbose: boolean): (outcome: Outcome) => boolean {
  return ({ result, remarks }) => isVerbose || result !== 'unchanged' || remarks.length > 0
}

function rowOf({ dataset, result, from = '-', to = '-', bytes, elapsedMs, remarks }: Outcome): readonly string[] {
  const sent = to === '-' ? '-' : formatBytes(bytes)
  return [dataset, from, to, sent, (elapsedMs / 1000).toFixed(1), [result, ...remarks].join('; ')]
}

interface Step {
  readonly kind: string
  readonly from?: string
  readonly to?: { readonly name: string }
  readonly base?: { readonly kind: string; readonly point: { readonly name: string } }
}

/** `tank/data@tue: increment from @mon`. */
export function describeStep(dataset: string, { kind, from, to, base }: Step): string {
  const name = to === undefined ? dataset : `${dataset}@${to.name}`
  switch (kind) {
    case 'rename':
      return `${name}: renamed, was ${from} on the receiver`
    case 'clear':
      return `${name}: what an interrupted receive has kept is thrown away`
    case 'discard':
      return `${name}: what has come into the buffer is thrown away, the source has gone another way`
    case 'rollback':
      return `${name}: the receiver rolls back to it`
    case 'increment':
      return `${name}: increment from ${base?.kind === 'bookmark' ? '#' : '@'}${base?.point.name}`
    default:
      return `${name}: ${kind === 'full' ? 'in full' : 'the rest of what was interrupted'}`
  }
}
