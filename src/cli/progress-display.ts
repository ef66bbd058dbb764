import { isatty } from 'node:tty'
import { writeDiagnostic } from './messages.ts'
import { ProgressMeter, type ProgressSource } from './progress.ts'

/** How progress is shown: redrawn on one line of a terminal, line after line in a log, or only when asked. */
export type ProgressStyle = 'redraw' | 'lines' | 'none'

const intervalMs = 1000
// One line of a terminal; a longer one would wrap and could not be redrawn.
const columns = 79

export function chooseProgressStyle(quiet: boolean, forced: boolean): ProgressStyle {
  if (quiet) return 'none'
  if (isatty(2)) return 'redraw'
  return forced ? 'lines' : 'none'
}

/** The one place on stderr where progress is drawn. Redrawing takes a carriage return and spaces, no escape sequence. */
export class ProgressDisplay {
  readonly #program: string
  readonly #style: ProgressStyle
  #meter: ProgressMeter | undefined
  #timer: NodeJS.Timeout | undefined
  #drawnColumns = 0
  #wasSeen = false

  constructor(program: string, style: ProgressStyle) {
    this.#program = program
    this.#style = style
  }

  start(source: ProgressSource): { stop(): void } {
    this.stop()
    this.#meter = new ProgressMeter(source)
    if (this.#style !== 'none') this.#timer = setInterval(() => this.#draw(), intervalMs).unref()
    return { stop: () => this.stop() }
  }

  /** Draws the last state, where any was to be seen before. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#meter === undefined) return
    if (this.#style === 'lines' || this.#wasSeen) this.#draw(true)
    if (this.#drawnColumns > 0) writeDiagnostic('\n')
    this.#drawnColumns = 0
    this.#wasSeen = false
    this.#meter = undefined
  }

  /** One line for whoever sent the signal, whatever the style. */
  tell(): void {
    this.clear()
    writeDiagnostic(`${this.#program}: ${this.#meter?.line() ?? 'nothing is moving now'}\n`)
  }

  /** Takes the redrawn line away, so that a message can be written. */
  clear(): void {
    if (this.#drawnColumns > 0) writeDiagnostic(`\r${' '.repeat(this.#drawnColumns)}\r`)
    this.#drawnColumns = 0
  }

  #draw(isFinal = false): void {
    const line = `${this.#program}: ${this.#meter?.line(isFinal)}`
    if (this.#style === 'lines') writeDiagnostic(`${line}\n`)
    else this.#redraw(line.slice(0, columns))
  }

  #redraw(line: string): void {
    writeDiagnostic(`\r${line.padEnd(this.#drawnColumns)}`)
    this.#drawnColumns = line.length
    this.#wasSeen = true
  }
}
