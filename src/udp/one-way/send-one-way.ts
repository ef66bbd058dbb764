import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../errors.ts'
import { createDigest } from '../../stream/digest.ts'
import type { Input } from '../../stream/input.ts'
import type { Transfer } from '../../stream/transfer.ts'
import type { Trust } from '../agreement.ts'
import { sealClose } from '../bodies.ts'
import { closeOf } from '../send-over-udp.ts'
import { type Last, type Sum, segmentBytesOf } from './bodies.ts'
import { depthFor, type Interleaving, leastWindowBytes } from './interleaving.ts'
import { type Outlet, PacedOutlet } from './outlet.ts'
import { PacketMaker } from './packet-maker.ts'
import type { Code } from './reed-solomon.ts'
import { leastPacketBytes, type StartKind, sessionOfStart, writeStart } from './start-packet.ts'

export interface OneWayOptions {
  readonly trust: Trust
  readonly code: Code
  readonly burstMs: number
  /** All packets have this length; it is that of a datagram. */
  readonly packetBytes: number
  /** Of packets, repair and all. */
  readonly bytesPerMs: number
  readonly windowBytes: number
  readonly kind: StartKind
  /** The file that a patch makes whole. Else it is the stream itself. */
  readonly whole?: Sum
  readonly transfer: Transfer
  readonly signal: AbortSignal
  readonly tell: (message: string) => void
}

// START, before the stream: a receiver that is listening gets one of these. Then so often, for one that comes late.
const [startCopies, startEveryMs, startAgainMs] = [8, 25, 250]
// LAST, over a second: longer than the outages that repair is there for.
const [lastCopies, lastEveryMs] = [20, 50]
const closeCopies = 8
const sliceBytes = 64 * 1024

/**
 * Sends an input to its end, to whoever listens. Resolves when all is sent: nobody says whether it has arrived. A receiver
 * is told of a failure, which is thrown again.
 */
export async function sendOneWay(input: Input, outlet: Outlet, options: OneWayOptions): Promise<void> {
  const sending = new Sending(outlet, options)
  try {
    await sending.announce()
    await sending.sendAll(input)
  } catch (error) {
    await sending.giveUp(error)
    throw error
  } finally {
    await sending.close()
  }
}

class Sending {
  readonly #options: OneWayOptions
  readonly #outlet: PacedOutlet
  readonly #interleaving: Interleaving
  readonly #start: Buffer
  readonly #session: ReturnType<typeof sessionOfStart>
  readonly #maker: PacketMaker
  readonly #timer: NodeJS.Timeout

  constructor(outlet: Outlet, options: OneWayOptions) {
    const { trust, packetBytes, bytesPerMs, kind } = options
    this.#options = options
    this.#interleaving = interleavingFor(options)
    this.#outlet = new PacedOutlet(outlet, packetBytes, bytesPerMs)
    const { cipher, sharedKey } = trust
    const drawn = { connection: randomBytes(8), salt: randomBytes(32), timeMs: Date.now() }
    const start = { ...drawn, cipher, kind, interleaving: this.#interleaving }
    this.#start = writeStart(start, packetBytes, sharedKey)
    this.#session = sessionOfStart(start, this.#start, trust)
    this.#maker = new PacketMaker(this.#session, this.#interleaving)
    // Also while the input is silent: so a receiver knows that the sender is alive.
    this.#timer = setInterval(() => this.#outlet.put(this.#start), startAgainMs)
  }

  async announce(): Promise<void> {
    const { code, depth, segmentBytes } = this.#interleaving
    this.#options.tell(
      `blocks of ${code.data}+${code.repair} packets, ${depth} side by side, ${segmentBytes} bytes of the stream in each`,
    )
    await this.#repeat(startCopies, startEveryMs, () => this.#start)
  }

  async sendAll(input: Input): Promise<void> {
    const digest = await createDigest('xxh64')
    const { segmentBytes } = this.#interleaving
    const sliceLength = Math.max(1, Math.floor(sliceBytes / segmentBytes)) * segmentBytes
    let total = 0
    for await (const slice of slicesOf(input, sliceLength, this.#options.transfer)) {
      digest.update(slice)
      for (let at = 0; at < slice.length; at += segmentBytes) await this.#send(slice.subarray(at, at + segmentBytes))
      total += slice.length
    }
    for (const slot of this.#maker.finish()) await this.#put(slot)
    const sent = { bytes: total, digest: digest.hex() }
    await this.#end({ sent, whole: this.#options.whole ?? sent })
  }

  /** The receiver is told why, so that it need not wait for its time-out. */
  async giveUp(error: unknown): Promise<void> {
    const packet = () => sealClose(this.#session, closeOf(error))
    for (let count = 0; count < closeCopies; count++) {
      this.#outlet.put(packet())
      await sleep(startEveryMs)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#outlet.close()
  }

  async #send(segment: Uint8Array): Promise<void> {
    for (const slot of this.#maker.segment(segment))
      if (this.#outlet.isReady) this.#outlet.put(slot)
      else await this.#put(slot)
    this.#options.transfer.doneBytes += segment.length
  }

  async #put(slot: Buffer | undefined): Promise<void> {
    await this.#options.transfer.meter.during('output', this.#outlet.untilReady(this.#options.signal))
    this.#outlet.put(slot)
  }

  async #end(last: Last): Promise<void> {
    await this.#repeat(lastCopies, lastEveryMs, () => this.#maker.last(last))
  }

  async #repeat(count: number, everyMs: number, packet: () => Buffer): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      await this.#put(packet())
      await sleep(everyMs)
    }
  }
}

/** All slices but the last are full. The next one is read while one is used; it is valid until then. */
async function* slicesOf(input: Input, length: number, { meter }: Transfer): AsyncGenerator<Uint8Array> {
  const slices = [new Uint8Array(length), new Uint8Array(length)]
  let filling = input.fill(slices[0]!)
  for (let turn = 0; ; turn++) {
    const count = await meter.during('input', filling)
    const slice = slices[turn % 2]!.subarray(0, count)
    if (count === length) {
      filling = input.fill(slices[(turn + 1) % 2]!)
      // Its error is met when it is awaited.
      filling.catch(() => {})
    }
    if (count > 0) yield slice
    if (count < length) return
  }
}

function interleavingFor({ trust, code, burstMs, packetBytes, bytesPerMs, windowBytes }: OneWayOptions): Interleaving {
  if (packetBytes < leastPacketBytes)
    throw new Failure('usage', `packets of ${packetBytes} bytes are too short: ${leastPacketBytes} are the least`)
  const segmentBytes = segmentBytesOf(packetBytes, trust.cipher === 'none' ? 8 : 16)
  const depth = depthFor(code, burstMs * bytesPerMs, packetBytes)
  const interleaving = { code, depth, segmentBytes }
  const missing = leastWindowBytes(interleaving) - windowBytes
  if (missing <= 0) return interleaving
  throw new Failure('usage', `blocks that bridge ${burstMs} ms need ${Math.ceil(missing / 2 ** 20)} MiB more memory`, {
    hint: 'give both ends more --memory, or this one a smaller --burst or --rate',
  })
}
