import { Failure } from '../../errors.ts'
import type { Check } from '../../stream/checked-input.ts'
import { createDigest } from '../../stream/digest.ts'
import type { Output } from '../../stream/output.ts'
import type { Transfer } from '../../stream/transfer.ts'
import { failureOf } from '../send-over-udp.ts'
import type { Wire } from '../wire.ts'
import { describeRanges, LostRanges } from './lost-ranges.ts'
import type { OneWayReceiver } from './one-way-receiver.ts'
import type { Missing } from './repair-request.ts'
import type { Piece } from './repair-window.ts'

export interface DeliveryOptions {
  /** 'stop': nothing is written from the first lost byte on. 'zero': zeros are in the place of what is lost. */
  readonly gaps: 'stop' | 'zero'
  /** They look at all bytes, and are asked before the last of them are written. */
  readonly checks: readonly Check[]
  readonly transfer: Transfer
  readonly tell: (message: string) => void
}

// What is written at once, and held back at the end.
const pieceBytes = 256 * 1024

/**
 * Writes what a receiver gets. The last piece is written only when all has arrived, equals the sender's digest and passes
 * the checks. What is lost beyond repair is a Failure 'data'; `missing` then tells what is not in the output.
 */
export class Delivery {
  readonly #wire: Wire
  readonly #receiver: OneWayReceiver
  readonly #output: Output
  readonly #options: DeliveryOptions
  readonly #lost = new LostRanges()
  /** Bytes of the stream that have come out of the window, there or lost. */
  #seenBytes = 0
  #held: Uint8Array | undefined

  constructor(wire: Wire, receiver: OneWayReceiver, output: Output, options: DeliveryOptions) {
    this.#wire = wire
    this.#receiver = receiver
    this.#output = output
    this.#options = options
  }

  async run(): Promise<void> {
    const digest = await createDigest('xxh64')
    const { checks, transfer, tell } = this.#options
    const buffers = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)]
    for (let turn = 0; ; turn++) {
      if (this.#options.gaps === 'stop') this.#countLost(this.#receiver.window!.skipLost())
      const piece = await transfer.meter.during('input', this.#next(buffers[turn % 2]!))
      if (piece === undefined) break
      if (piece.isLost) this.#countLost(piece.bytes.length)
      else this.#seenBytes += piece.bytes.length
      if (!this.#isBroken) {
        digest.update(piece.bytes)
        for (const check of checks) await check.look(piece.bytes)
      } else if (this.#options.gaps === 'stop') continue
      await this.#writeHeld()
      this.#held = piece.bytes
    }
    const { repaired } = this.#receiver.window!.counts
    tell(`${repaired} packets were lost and repaired, ${this.#lost.bytes} bytes were lost beyond repair`)
    if (this.#isBroken || this.#receiver.closed !== undefined) await this.#fail()
    this.#compare(digest.hex())
    for (const check of checks) await check.finish?.()
    await this.#writeHeld()
    await this.#output.flush()
  }

  get missing(): Missing {
    const { last } = this.#receiver
    const known = { totalBytes: last?.whole.bytes, digest: last?.whole.digest }
    const done = this.#options.transfer.doneBytes
    // The zeros of a long one may be there in part.
    const lost = this.#lost.ranges
      .map(({ from, to }) => ({ from, to: Math.min(to, done) }))
      .filter(({ from, to }) => from < to)
    const rest = { from: done, to: last?.sent.bytes ?? Number.POSITIVE_INFINITY }
    return { ...known, ranges: rest.from < rest.to ? [...lost, rest] : lost }
  }

  get #isBroken(): boolean {
    return this.#lost.ranges.length > 0
  }

  async #next(target: Uint8Array): Promise<Piece | undefined> {
    const { window } = this.#receiver
    let piece: Piece | undefined
    const isReady = () => {
      piece ??= window!.take(target)
      return piece !== undefined || window!.isDone
    }
    await this.#wire.until(isReady)
    return piece
  }

  #countLost(bytes: number): void {
    const from = this.#seenBytes
    this.#seenBytes += bytes
    this.#lost.add({ from, to: this.#seenBytes })
  }

  async #writeHeld(): Promise<void> {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    const { transfer } = this.#options
    await transfer.meter.during('output', this.#wire.during(this.#output.write(held)))
    transfer.doneBytes += held.length
  }

  async #fail(): Promise<never> {
    const { closed, window } = this.#receiver
    if (this.#options.gaps === 'zero' && closed === undefined) await this.#writeHeld()
    await this.#output.flush()
    if (closed !== undefined) throw failureOf('sender', closed)
    const { refused } = window!.counts
    const hint =
      refused > 0
        ? {
            hint: 'packets came while the reader of the output stood still: give --memory more, or send at a lower rate',
          }
        : { hint: '--repair-request FILE asks for them; a larger --repair or --burst at the sender loses less' }
    throw new Failure(
      'data',
      `${this.#lost.bytes} bytes are lost beyond repair: ${describeRanges(this.#lost.ranges)}`,
      hint,
    )
  }

  #compare(digest: string): void {
    const { sent } = this.#receiver.last!
    if (sent.bytes === this.#seenBytes && sent.digest === digest) return
    const [claimed, got] = [`${sent.bytes} bytes with digest ${sent.digest}`, `${this.#seenBytes} with ${digest}`]
    throw new Failure('data', `the sender sent ${claimed}, and ${got} arrived`)
  }
}
