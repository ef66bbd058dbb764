/** What an end waits for when it has nothing to do. */
export type Waiting = 'stdin' | 'stdout' | 'path' | 'peer' | 'socket'

/** Where the time of a connection goes: at packets (encryption and checksums among it), in calls of the socket, or waiting. */
export class TimeSpent {
  readonly #ms: Record<string, number> = {}
  #sinceMs: number

  constructor(nowMs: number) {
    this.#sinceMs = nowMs
  }

  /** The time since the last call went for this. */
  add(what: Waiting | 'packets' | 'calls', nowMs: number): void {
    this.#ms[what] = (this.#ms[what] ?? 0) + nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }

  /** `path 62 %, stdin 30 %, packets 8 %`: the largest first, without those below half of one. */
  toString(): string {
    const all = Object.values(this.#ms).reduce((sum, ms) => sum + ms, 0)
    const shares = Object.entries(this.#ms).map(([what, ms]) => ({ what, percent: Math.round((100 * ms) / all) }))
    const shown = shares.filter(({ percent }) => percent > 0).sort((one, other) => other.percent - one.percent)
    return shown.map(({ what, percent }) => `${what} ${percent} %`).join(', ')
  }
}
