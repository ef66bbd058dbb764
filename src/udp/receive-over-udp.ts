import { randomBytes } from 'node:crypto'
import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import type { Output } from '../stream/output.ts'
import type { Transfer } from '../stream/transfer.ts'
import { type Address, formatAddress, type HostAndPort, resolveHost } from './address.ts'
import { ephemeralOf, type Trust } from './agreement.ts'
import { Answerer } from './answerer.ts'
import { mechanism } from './datagram-socket.ts'
import { PacketMemory } from './packet-memory.ts'
import { packetType } from './protocol.ts'
import { Receiver } from './receiver.ts'
import { closeOf, failureOf, sayFarewell, traceOf } from './send-over-udp.ts'
import type { Waiting } from './time-spent.ts'
import { alone, packetsOf, type Train } from './train.ts'
import { type Machine, type Outgoing, Wire } from './wire.ts'

export interface ReceiveOptions {
  readonly at: HostAndPort
  readonly trust: Trust
  /** How long the sender may take to appear, and to be silent, in milliseconds. */
  readonly waitMs: number
  readonly timeoutMs: number
  readonly windowBytes: number
  /** They look at all bytes, and are asked before the last of them are written. */
  readonly checks: readonly Check[]
  readonly transfer: Transfer
  readonly signal: AbortSignal
  /** Where a trace is written. */
  readonly trace: string | undefined
  /** From now on, what fails is the business of a sender that has come. */
  readonly onListening?: () => void
  readonly tell: (message: string) => void
}

/** Where a transfer goes; if it breaks, it is abandoned. */
export interface Destination extends Output {
  abandon?(): Promise<void>
}

// What is written at once, and held back at the end: no less, but more if it is there.
const pieceBytes = 256 * 1024

/**
 * Receives one stream, and writes it to what is opened for the name that its sender has given it. The last piece is written
 * only when all has arrived, equals the sender's digest and passes the checks. Resolves when the sender knows that all is
 * flushed, or has gone after that.
 */
export async function receiveOverUdp(
  open: (name: string) => Destination | Promise<Destination>,
  options: ReceiveOptions,
): Promise<void> {
  const memory = new PacketMemory(options.windowBytes)
  const machine = new ReceivingMachine(options, memory)
  const wire = await listen(machine, options.at, memory)
  wire.heed(options.signal)
  options.onListening?.()
  let output: Destination | undefined
  let trace: ReturnType<typeof traceOf>
  try {
    await wire.until(() => machine.receiver !== undefined)
    const receiver = machine.receiver!
    output = await open(receiver.name)
    trace = traceOf(options.trace, 'zudp-recv', wire, () => receiver.counters)
    await deliver(wire, machine, output, { ...options, digest: memory.beginDigest() })
  } catch (error) {
    await output?.abandon?.()
    await machine.giveUp(wire, error)
    throw error
  } finally {
    trace?.stop()
    await wire.close()
    machine.free()
  }
}

/** Where nothing is said of the address, IPv6 takes IPv4 too; a system without IPv6 has IPv4 alone. */
export async function listen(machine: Machine, { host, port }: HostAndPort, memory?: PacketMemory): Promise<Wire> {
  if (host !== '') {
    const { address, family } = await resolveHost(host)
    return Wire.open(machine, family, { host: address, port }, memory)
  }
  try {
    return await Wire.open(machine, 6, { host, port }, memory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error
    return Wire.open(machine, 4, { host, port }, memory)
  }
}

interface Delivery extends ReceiveOptions {
  readonly digest: ReturnType<PacketMemory['beginDigest']>
}

async function deliver(wire: Wire, machine: ReceivingMachine, output: Output, options: Delivery): Promise<void> {
  const { checks, transfer, digest } = options
  const receiver = machine.receiver!
  let held: Buffer | undefined
  const writeHeld = async () => {
    if (held === undefined) return
    machine.waiting = 'stdout'
    await transfer.meter.during('output', wire.during(output.write(held)))
    machine.waiting = 'peer'
    transfer.doneBytes += held.length
    receiver.release(held.length, wire.nowMs)
    wire.wake()
  }
  for (;;) {
    let piece = receiver.take(pieceBytes)
    const isReady = () => {
      piece ??= receiver.take(pieceBytes)
      return piece !== undefined || receiver.isComplete
    }
    await transfer.meter.during('input', wire.until(isReady))
    if (piece === undefined) break
    digest.update(piece)
    for (const check of checks) await check.look(piece)
    await writeHeld()
    held = piece
  }
  compare(transfer.doneBytes + (held?.length ?? 0), digest.hex(), receiver)
  for (const check of checks) await check.finish?.()
  await writeHeld()
  await output.flush()
  machine.confirm(wire.nowMs)
  options.tell(`time: ${wire.spent}`)
  await wire.until(() => receiver.isDone || machine.hasLingered(wire.nowMs))
}

function compare(bytes: number, digest: string, { total }: Receiver): void {
  if (total?.bytes === bytes && total.digest === digest) return
  const [sent, got] = [`${total?.bytes} bytes with digest ${total?.digest}`, `${bytes} bytes with digest ${digest}`]
  throw new Failure('data', `the sender sent ${sent}, and ${got} arrived`)
}

/** Answers callers until one of them proves to be the sender, then is at its service. */
class ReceivingMachine implements Machine {
  readonly #options: ReceiveOptions
  readonly #memory: PacketMemory
  readonly #answerer: Answerer
  readonly #untilMs: number
  #out: Outgoing[] = []
  #peer: Address = { address: '', port: 0 }
  #session: ReturnType<Answerer['sessionOf']>
  #confirmedAtMs: number | undefined
  receiver: Receiver | undefined
  waiting: Waiting = 'peer'

  constructor(options: ReceiveOptions, memory: PacketMemory) {
    this.#options = options
    this.#memory = memory
    this.#answerer = new Answerer(options.trust, randomBytes(32), () => ephemeralOf(randomBytes(32)))
    this.#untilMs = performance.now() + options.waitMs
  }

  onDatagram(datagram: Buffer, from: Address, nowMs: number): void {
    const answer = this.#answerer.answer(datagram, formatAddress(from), nowMs, this.#session)
    if (answer !== undefined) this.#out.push({ packet: answer, to: from })
    else if (this.receiver === undefined) this.#meet(datagram, from, nowMs)
    else this.#serve(this.receiver, alone(datagram), from, nowMs)
  }

  onTrain(train: Train, from: Address, nowMs: number): void {
    // All packets of a train have one sender and one length: beside those of a connection there is no HELLO.
    if (this.receiver === undefined || train.bytes[0] === packetType.hello)
      for (const packet of packetsOf(train)) this.onDatagram(packet, from, nowMs)
    else this.#serve(this.receiver, train, from, nowMs)
  }

  poll(nowMs: number): readonly Outgoing[] {
    const out = this.#out
    this.#out = []
    if (this.receiver === undefined) {
      if (nowMs > this.#untilMs) throw this.#absent()
      return out
    }
    if (nowMs - this.receiver.heardAtMs > this.#options.timeoutMs && this.#confirmedAtMs === undefined) {
      throw new Failure('retry', `nothing was heard of the sender for ${this.#options.timeoutMs / 1000} s`)
    }
    return [...out, ...this.receiver.poll(nowMs).map((packet) => ({ packet, to: this.#peer }))]
  }

  get wakeAtMs(): number {
    return this.#out.length > 0 ? 0 : (this.receiver?.wakeAtMs ?? Number.POSITIVE_INFINITY)
  }

  confirm(nowMs: number): void {
    this.#confirmedAtMs = nowMs
    this.receiver?.confirm(nowMs)
  }

  /** All is delivered here, whatever the sender knows of it. */
  hasLingered(nowMs: number): boolean {
    return nowMs - (this.#confirmedAtMs ?? nowMs) > this.#options.timeoutMs
  }

  free(): void {
    this.#answerer.free()
  }

  async giveUp(wire: Wire, error: unknown): Promise<void> {
    if (this.receiver === undefined || this.receiver.closed !== undefined) return
    await sayFarewell(wire, this.receiver.close(closeOf(error)), this.#peer)
  }

  /** The first packet that was sealed with the keys of a handshake decides who is served. */
  #meet(datagram: Buffer, from: Address, nowMs: number): void {
    const session = this.#answerer.sessionOf(datagram)
    if (session === undefined) return
    const receiver = new Receiver(session, this.#memory, nowMs)
    if (!receiver.onDatagram(datagram, nowMs)) return
    this.#session = session
    this.receiver = receiver
    this.#peer = from
    this.#options.tell(`connected to ${formatAddress(from)}; datagrams: ${mechanism()}`)
  }

  #serve(receiver: Receiver, train: Train, from: Address, nowMs: number): void {
    if (receiver.onTrain(train, nowMs) === 'newest') this.#peer = from
    if (receiver.closed !== undefined && !receiver.isDone) throw failureOf('sender', receiver.closed)
  }

  #absent(): Failure {
    const { refused } = this.#answerer
    const { host, port } = this.#options.at
    const place = formatAddress({ address: host || '*', port })
    const wait = `${this.#options.waitMs / 1000} s`
    if (refused.key + refused.cipher > 0)
      return new Failure('permission', `${place}: within ${wait} only senders with another key called`)
    if (refused.version > 0)
      return new Failure('protocol', `${place}: within ${wait} only senders of another version called`)
    return new Failure('unavailable', `${place}: no sender called within ${wait}`)
  }
}
