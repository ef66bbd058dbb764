import type { Air, SimulatedLink } from './simulated-link.ts'

const packetBytes = 1472

/** A flow that always has as much on its way, as TCP BBR does over a short path: beside it, who queues more gets more. */
export class Rival {
  readonly #windowBytes: number
  #inFlightBytes = 0
  #deliveredBytes = 0
  /** Bytes that had arrived by each 100 ms. */
  readonly history: number[] = []

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  send(path: { forth: SimulatedLink; back: SimulatedLink; air: Air }, nowMs: number): void {
    for (; this.#inFlightBytes < this.#windowBytes; this.#inFlightBytes += packetBytes) {
      path.air.send(path.forth, Buffer.alloc(packetBytes), nowMs, (bytes, atMs) => {
        this.#deliveredBytes += packetBytes
        path.air.send(path.back, bytes, atMs, () => {
          this.#inFlightBytes -= packetBytes
        })
      })
    }
    while (this.history.length * 100 <= nowMs) this.history.push(this.#deliveredBytes)
  }
}
