import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const sampleMs = 250
// With less of the processors idle, another program would only slow the others down.
const idleShare = 0.15
// What keeps the processors busy may be no copy of ours, while ours waits for a network: so long at most.
const patienceMs = 5000

/**
 * How many workers may run: one at first, and twice as many whenever processors are still idle. Copies that wait for
 * disks and networks soon have all; where one program keeps this machine busy, it stays alone for a while.
 */
export class SpareProcessors {
  allowed: number
  readonly #most: number
  readonly #measure: () => { readonly idle: number; readonly total: number }

  /** With `areFar` the copies run on other machines, or wait for them, and all may. */
  constructor(most: number, areFar = false, measure = processorTimes) {
    this.allowed = areFar ? most : 1
    this.#most = most
    this.#measure = measure
  }

  /** Goes on measuring until all are allowed, or the signal aborts. */
  async watch(onMore: () => void, signal: AbortSignal): Promise<void> {
    let before = this.#measure()
    let busyMs = 0
    while (this.allowed < this.#most && !signal.aborted) {
      await sleep(sampleMs, undefined, { signal, ref: false }).catch(() => {})
      const now = this.#measure()
      const share = (now.idle - before.idle) / Math.max(1, now.total - before.total)
      before = now
      busyMs = share < idleShare ? busyMs + sampleMs : 0
      if (busyMs > 0 && busyMs < patienceMs) continue
      busyMs = 0
      this.allowed = Math.min(this.#most, this.allowed * 2)
      onMore()
    }
  }
}

function processorTimes() {
  const times = cpus().map((processor) => processor.times)
  const idle = times.reduce((sum, time) => sum + time.idle, 0)
  return { idle, total: idle + times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0) }
}
