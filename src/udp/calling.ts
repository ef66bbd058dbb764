import { Failure } from '../errors.ts'
import { type Address, formatAddress, type HostAndPort } from './address.ts'
import type { Caller } from './caller.ts'
import type { Machine, Outgoing } from './wire.ts'

export interface CallingOptions {
  /** What the user has named. */
  readonly to: HostAndPort
  /** How long the receiver may take to appear, in milliseconds. */
  readonly waitMs: number
  /** Why this system sends nothing, if it does not. */
  readonly refusal: () => string | undefined
}

/** Calls all addresses that the receiver's name has, until one of them answers: from then on that one alone. */
export class Calling implements Machine {
  readonly #caller: Caller
  readonly #peers: readonly Address[]
  readonly #options: CallingOptions
  readonly #untilMs: number
  #answered: Address | undefined

  constructor(caller: Caller, peers: readonly Address[], options: CallingOptions) {
    this.#caller = caller
    this.#peers = peers
    this.#options = options
    this.#untilMs = performance.now() + options.waitMs
    // It may answer from another address than the one that was called.
    if (peers.length === 1) this.#answered = peers[0]
  }

  /** Who has answered. */
  get peer(): Address {
    return this.#answered ?? (this.#peers[0] as Address)
  }

  onDatagram(datagram: Buffer, from: Address, nowMs: number): void {
    if (this.#isOther(from)) return
    if (this.#caller.onDatagram(datagram, nowMs)) this.#answered ??= from
  }

  poll(nowMs: number): Outgoing[] {
    if (nowMs > this.#untilMs) throw this.#absent()
    const called = this.#answered === undefined ? this.#peers : [this.#answered]
    return this.#caller.poll(nowMs).flatMap((packet) => called.map((to) => ({ packet, to })))
  }

  get wakeAtMs(): number {
    return this.#caller.wakeAtMs
  }

  /** A cookie is good at the address that it came from: those of the others would take its place. */
  #isOther({ address, port }: Address): boolean {
    if (this.#peers.length === 1 || this.#answered === undefined) return false
    return address !== this.#answered.address || port !== this.#answered.port
  }

  #absent(): Failure {
    const { to, waitMs } = this.#options
    const refusal = this.#options.refusal()
    const place = formatAddress({ address: to.host, port: to.port })
    if (refusal !== undefined) return new Failure('unavailable', `${place}: cannot send there: ${refusal}`)
    if (this.#caller.wasBusy) return new Failure('retry', `${place}: the receiver is busy with another sender`)
    return new Failure('unavailable', `${place}: no receiver answered within ${waitMs / 1000} s`, {
      hint: `start zudp-recv there, and let UDP pass to ${this.#peers.map(formatAddress).join(' or ')}`,
    })
  }
}
