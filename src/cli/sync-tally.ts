import type { Terminal } from './terminal.ts'
import { formatBytes, formatDuration } from './units.ts'

/** What a replication has done so far, for the line at its end. */
export class SyncTally {
  readonly #startMs = performance.now()
  readonly #total: number
  readonly #changed = new Set<string>()
  readonly #failed = new Set<string>()
  #streams = 0
  #bytes = 0

  /** Of so many datasets. */
  constructor(total: number) {
    this.#total = total
  }

  add(dataset: string, bytes: number, kind: string): void {
    this.#changed.add(dataset)
    this.#bytes += bytes
    if (kind !== 'rename' && kind !== 'clear') this.#streams += 1
  }

  fail(dataset: string): void {
    this.#failed.add(dataset)
  }

  /** One line on stdout, or an event. */
  report(from: string, to: string, terminal: Terminal): void {
    const elapsedMs = performance.now() - this.#startMs
    const failed = this.#failed.size
    const brought = [...this.#changed].filter((dataset) => !this.#failed.has(dataset)).length
    const unchanged = this.#total - brought - failed
    const [streams, bytes] = [this.#streams, this.#bytes]
    terminal.event({ from, to, brought, unchanged, failed, streams, bytes, elapsedMs })
    if (terminal.json || terminal.quiet) return
    const moved = `${streams} ${streams === 1 ? 'stream' : 'streams'}, ${formatBytes(bytes)} in ${formatDuration(elapsedMs)}`
    terminal.print(
      `${from} to ${to}: ${brought} brought up to date (${moved}), ${unchanged} unchanged, ${failed} failed`,
    )
  }
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
  if (kind === 'rename') return `${name}: renamed, was ${from} on the receiver`
  if (kind === 'clear') return `${name}: what an interrupted receive has kept is thrown away`
  if (base === undefined) return `${name}: ${kind === 'full' ? 'in full' : 'the rest of what was interrupted'}`
  return `${name}: increment from ${base.kind === 'bookmark' ? '#' : '@'}${base.point.name}`
}
