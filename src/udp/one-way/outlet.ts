import { setTimeout as sleep } from 'node:timers/promises'
import { Pacer } from '../pacer.ts'

/** Where packets go, whatever carries them. */
export interface Outlet {
  /** False as long as the system cannot take more. */
  readonly hasRoom: boolean
  /** Why nothing is sent any more. */
  readonly failure?: Error | undefined
  send(packet: Buffer): void
  close(): Promise<void>
}

// Timers are no finer.
const shortestSleepMs = 1

/** Packets of one length at one rate, in bytes a millisecond; undefined is a pause as long as a packet. */
export class PacedOutlet {
  readonly #outlet: Outlet
  readonly #packetBytes: number
  readonly #bytesPerMs: number
  readonly #pacer = new Pacer()
  #closed = false

  constructor(outlet: Outlet, packetBytes: number, bytesPerMs: number) {
    this.#outlet = outlet
    this.#packetBytes = packetBytes
    this.#bytesPerMs = bytesPerMs
  }

  /** Whether a packet may go at once: then `send` need not be waited for. */
  get isReady(): boolean {
    return this.#outlet.failure === undefined && this.#outlet.hasRoom && this.#pacer.readyAtMs <= performance.now()
  }

  async untilReady(signal: AbortSignal): Promise<void> {
    while (!this.isReady) {
      if (this.#outlet.failure !== undefined) throw this.#outlet.failure
      await sleep(Math.max(shortestSleepMs, this.#pacer.readyAtMs - performance.now()))
      signal.throwIfAborted()
    }
  }

  put(packet: Buffer | undefined): void {
    this.#pacer.onSent(this.#packetBytes, this.#bytesPerMs, 0, performance.now())
    if (packet !== undefined && !this.#closed) this.#outlet.send(packet)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#outlet.close()
  }
}
