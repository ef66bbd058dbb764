import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Input } from '../stream/input.ts'
import { unlessAborted } from '../stream/on-abort.ts'
import type { Transfer } from '../stream/transfer.ts'
import {
  type Address,
  atIpv6,
  familyOf,
  formatAddress,
  type HostAndPort,
  type Resolved,
  resolveAll,
} from './address.ts'
import { ephemeralOf, type Trust } from './agreement.ts'
import type { Close } from './bodies.ts'
import { Caller } from './caller.ts'
import { Calling } from './calling.ts'
import { mechanism } from './datagram-socket.ts'
import { MtuSearch } from './mtu-search.ts'
import { PacketMemory } from './packet-memory.ts'
import { Sender } from './sender.ts'
import type { Session } from './session.ts'
import type { Waiting } from './time-spent.ts'
import { type Counters, startTrace } from './trace.ts'
import { type Machine, type Outgoing, Wire } from './wire.ts'

export interface SendOptions {
  readonly to: HostAndPort
  readonly trust: Trust
  /** How long the receiver may take to appear, and to be silent, in milliseconds. */
  readonly waitMs: number
  readonly timeoutMs: number
  readonly windowBytes: number
  /** The most, in bytes a millisecond and in packets a millisecond. */
  readonly ceiling: { readonly bytes: number; readonly packets: number }
  /** What the transfer is called, '' for nothing. */
  readonly name: string
  readonly transfer: Transfer
  readonly signal: AbortSignal
  /** Where a trace is written. */
  readonly trace: string | undefined
  /** What is worth telling on the way. */
  readonly tell: (message: string) => void
}

// The input is read in slices of this size: smaller ones cost turns, larger ones keep a slow stream waiting.
const sliceBytes = 256 * 1024
// HELLOs in a row that this system did not send: then it is not the receiver who is absent.
const mostRefused = 3
// A farewell that gets no answer is said so often.
const farewells = 3
const farewellEveryMs = 20

/**
 * Sends an input to its end. Resolves when the receiver has confirmed every byte and flushed it; rejects with 'unavailable'
 * if none was there in time, 'retry' if it went away, 'permission' for another key, or what the receiver says.
 */
export async function sendOverUdp(input: Input, options: SendOptions): Promise<void> {
  const { host, port } = options.to
  const found = await unlessAborted(options.signal, resolveAll(host))
  const caller = new Caller(randomBytes(8), ephemeralOf(randomBytes(32)), options.trust)
  const memory = new PacketMemory(options.windowBytes)
  const refusal = (): string | undefined => wire.refusedAfter(mostRefused)
  const callingAt = (addresses: readonly string[]) => {
    const peers = addresses.map((address) => ({ address, port }))
    return new Calling(caller, peers, { ...options, refusal })
  }
  const { wire, calling } = await openWire(found, callingAt, memory)
  wire.heed(options.signal)
  try {
    await wire.until(() => caller.session !== undefined)
    const session = caller.session!
    const { peer } = calling
    const search = new MtuSearch(session, wire.keepsWhole ? familyOf(peer) : undefined, caller.rttMs, options.name)
    wire.use(probing(search, peer, options, wire))
    await wire.until(() => search.foundBytes(wire.nowMs) !== undefined)
    await sendOn(wire, session, search, { input, memory, peer, rttMs: caller.rttMs, ...options })
  } finally {
    await wire.close()
    caller.session?.free()
  }
}

/** A socket that reaches all that were found, as far as this system knows IPv6. */
async function openWire(
  found: readonly Resolved[],
  callingAt: (addresses: readonly string[]) => Calling,
  memory: PacketMemory,
): Promise<{ wire: Wire; calling: Calling }> {
  const old = found.filter(({ family }) => family === 4)
  const family = old.length === found.length ? 4 : 6
  const calling = callingAt(found.map((each) => (family === 6 ? atIpv6(each) : each.address)))
  try {
    return { wire: await Wire.open(calling, family, undefined, memory), calling }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT' || family === 4 || old.length === 0) throw error
    return openWire(old, callingAt, memory)
  }
}

interface Sending extends SendOptions {
  readonly input: Input
  readonly memory: PacketMemory
  readonly peer: Address
  readonly rttMs: number
}

async function sendOn(wire: Wire, session: Session, search: MtuSearch, sending: Sending): Promise<void> {
  const { ceiling, memory, rttMs, tell, peer } = sending
  const packetBytes = search.foundBytes(wire.nowMs)!
  const bytesPerMs = Math.min(ceiling.bytes, ceiling.packets * packetBytes)
  const options = { packetBytes, memory, peerWindowBytes: search.windowBytes, rttMs, ceiling: bytesPerMs }
  const sender = new Sender(session, options, wire.nowMs)
  const machine = new SendingMachine(sender, peer, sending.timeoutMs)
  tell(`connected to ${formatAddress(peer)}: packets of ${packetBytes} bytes, round trip ${rttMs.toFixed(1)} ms`)
  tell(`datagrams: ${mechanism()}`)
  wire.use(machine)
  let trace: ReturnType<typeof traceOf>
  try {
    trace = traceOf(sending.trace, 'zudp-send', wire, () => sender.counters)
    await Promise.all([readInto(sender, wire, sending), wire.until(() => sender.isDone)])
    await sayFarewell(wire, sender.bye(), machine.peer)
    tellCounts(sender, tell)
    tell(`time: ${wire.spent}`)
  } catch (error) {
    // The reader may be waiting for a silent input, and would keep the program from ending.
    wire.fail(error)
    await sending.input.close()
    if (sender.closed === undefined) await sayFarewell(wire, sender.close(closeOf(error)), machine.peer)
    throw error
  } finally {
    trace?.stop()
  }
}

/** A trace of one end, if one is wished for: what keeps it from being written ends the transfer. */
export function traceOf(file: string | undefined, title: string, wire: Wire, sample: () => Counters) {
  return file === undefined ? undefined : startTrace(file, title, sample, (error) => wire.fail(error))
}

async function readInto(sender: Sender, wire: Wire, { input, transfer, memory }: Sending): Promise<void> {
  const digest = memory.beginDigest()
  const { meter } = transfer
  for (;;) {
    await meter.during(
      'output',
      wire.until(() => sender.window.space(sliceBytes).length > 0),
    )
    const space = sender.window.space(sliceBytes)
    const count = await meter.during('input', input.fill(space))
    digest.update(space.subarray(0, count))
    sender.window.wrote(count)
    transfer.doneBytes += count
    if (count < space.length) break
    wire.wake()
  }
  sender.end(digest.hex())
  wire.wake()
}

/** Nobody answers the last packet, and it may be lost: copies of it follow. */
export async function sayFarewell(wire: Wire, packet: Buffer, to: Address): Promise<void> {
  for (let count = 0; count < farewells; count++) {
    if (count > 0) await sleep(farewellEveryMs)
    wire.send({ packet, to })
  }
}

function probing(search: MtuSearch, peer: Address, { timeoutMs }: SendOptions, wire: Wire): Machine {
  const startMs = wire.nowMs
  return {
    onDatagram(datagram) {
      search.onDatagram(datagram)
      if (search.closed !== undefined) throw failureOf('receiver', search.closed)
    },
    poll(nowMs) {
      if (nowMs - startMs > timeoutMs) throw gone(timeoutMs)
      search.refuse(wire.tooLongBytes)
      return addressed(search.poll(nowMs), peer)
    },
    get wakeAtMs() {
      return search.wakeAtMs
    },
  }
}

class SendingMachine implements Machine {
  readonly #sender: Sender
  readonly #timeoutMs: number
  peer: Address

  constructor(sender: Sender, peer: Address, timeoutMs: number) {
    this.#sender = sender
    this.peer = peer
    this.#timeoutMs = timeoutMs
  }

  onDatagram(datagram: Buffer, from: Address, nowMs: number): void {
    if (this.#sender.onDatagram(datagram, nowMs) === 'newest') this.peer = from
    const { closed } = this.#sender
    if (closed !== undefined && !this.#sender.isDone) throw failureOf('receiver', closed)
  }

  poll(nowMs: number): readonly Outgoing[] {
    if (this.#sender.isDone) return []
    if (nowMs - this.#sender.heardAtMs > this.#timeoutMs) throw gone(this.#timeoutMs)
    return this.#sender.poll(nowMs).map(({ bytes, packetBytes }) => ({ packet: bytes, packetBytes, to: this.peer }))
  }

  get wakeAtMs(): number {
    return this.#sender.wakeAtMs
  }

  get waiting(): Waiting {
    return this.#sender.waiting
  }
}

function addressed(packets: readonly Buffer[], to: Address): Outgoing[] {
  return packets.map((packet) => ({ packet, to }))
}

function gone(timeoutMs: number): Failure {
  return new Failure('retry', `nothing was heard of the receiver for ${timeoutMs / 1000} s`)
}

/** What a CLOSE of the peer means to the user of this end. */
export function failureOf(peer: 'sender' | 'receiver', { kind, reason }: Close): Failure {
  return new Failure(kind, `the ${peer} gave up: ${reason}`)
}

/** What the peer is told of a failure at this end. */
export function closeOf(error: unknown): Close {
  if (isOfStream(error)) return { kind: 'io', reason: error.message }
  if (!(error instanceof Failure)) return { kind: 'retry', reason: 'it was stopped' }
  const { kind, message } = error
  return { kind: kind === 'data' || kind === 'protocol' || kind === 'io' ? kind : 'retry', reason: message }
}

/** Such as that of a full disk: what the stream comes from or goes to has failed. */
function isOfStream(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ['read', 'write', 'fsync'].includes((error as NodeJS.ErrnoException).syscall ?? '')
}

function tellCounts({ counts, control }: Sender, tell: SendOptions['tell']): void {
  const share = (100 * counts.retransmissions) / Math.max(1, counts.packets)
  const rate = `${((control.rate * 8) / 1000).toFixed(0)} Mbit/s`
  tell(
    `${counts.packets} packets, ${share.toFixed(2)} % of them again; path: ${rate}, ${control.lowestRttMs.toFixed(1)} ms`,
  )
}
