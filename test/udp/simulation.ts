import { createXXHash64 } from 'hash-wasm'
import { createXxh64 } from '../../src/stream/xxh64.ts'
import { createChecksum } from '../../src/udp/packet-cipher.ts'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { Receiver } from '../../src/udp/receiver.ts'
import { Sender } from '../../src/udp/sender.ts'
import { Session, unkeyed } from '../../src/udp/session.ts'
import { packetsOf } from '../../src/udp/train.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { BusyMachine, type BusyOptions } from './busy-machine.ts'
import type { Rival } from './rival.ts'
import { Air, type LinkOptions, SimulatedLink } from './simulated-link.ts'

const xxh64 = await createXxh64()
const digest = await createXXHash64()

export interface FlowOptions {
  readonly bytes: number
  readonly startMs?: number
  readonly windowBytes?: number
  readonly ceiling?: number
  readonly packetBytes?: number
  /** The receiver's reader stands still between these times. */
  readonly stalledMs?: readonly [from: number, to: number]
  /** The reader takes no more than so many bytes a millisecond. */
  readonly readerBytesPerMs?: number
  /** Each end has no processor for a part of the time. */
  readonly busy?: BusyOptions
}

interface End {
  readonly inbox: Buffer[]
  readonly machine: BusyMachine | undefined
}

/** A transfer in virtual time, from a window that is filled at once to a reader that compares. */
export class Flow {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly #options: FlowOptions
  readonly #source: Buffer
  readonly #hash = digestOf
  #written = 0
  readBytes = 0
  doneAtMs: number | undefined
  isEqual = true
  /** Bytes that the reader had by each 100 ms. */
  readonly history: number[] = []
  /** Packets that have come to an end, and its machine if it is a busy one. */
  readonly atSender: End
  readonly atReceiver: End

  constructor(options: FlowOptions, rttMs: number, id: number) {
    this.#options = options
    const { windowBytes = 40 << 20, ceiling = Number.POSITIVE_INFINITY, packetBytes = 1472 } = options
    const connection = Buffer.alloc(8, id)
    const ciphers = [1, 2].map((direction) => unkeyed(createChecksum(xxh64, direction)))
    const [forth, back] = [ciphers[0]!, ciphers[1]!]
    const sending = new Session(connection, { outbound: forth, inbound: back })
    const receiving = new Session(connection, { outbound: back, inbound: forth })
    const startMs = options.startMs ?? 0
    this.sender = new Sender(
      sending,
      { packetBytes, memory: new PacketMemory(windowBytes), peerWindowBytes: windowBytes, rttMs, ceiling },
      startMs,
    )
    this.receiver = new Receiver(receiving, new PacketMemory(windowBytes), startMs)
    this.#source = sourceBytes
    const { busy } = options
    const machine = (seed: number) =>
      busy === undefined ? undefined : new BusyMachine({ ...busy, seed: busy.seed + seed })
    this.atSender = { inbox: [], machine: machine(0) }
    this.atReceiver = { inbox: [], machine: machine(1000) }
  }

  get isOver(): boolean {
    return this.sender.isDone
  }

  /** Fills the sender's window from the source and ends it when all is written. */
  write(): void {
    const { bytes } = this.#options
    while (this.#written < bytes) {
      const space = this.sender.window.space(bytes - this.#written)
      if (space.length === 0) return
      for (let at = 0; at < space.length; ) {
        const from = (this.#written + at) % this.#source.length
        at += this.#source.copy(space, at, from)
      }
      this.sender.window.wrote(space.length)
      this.#written += space.length
    }
    if (this.#written === bytes && !this.#hasEnded) {
      this.#hasEnded = true
      this.sender.end(this.#hash(bytes))
    }
  }
  #hasEnded = false

  read(nowMs: number): void {
    const [from, to] = this.#options.stalledMs ?? [Number.POSITIVE_INFINITY, 0]
    if (nowMs >= from && nowMs < to) return
    const allowed = (this.#options.readerBytesPerMs ?? Number.POSITIVE_INFINITY) * nowMs
    while (this.readBytes < allowed) {
      const piece = this.receiver.take(256 * 1024)
      if (piece === undefined) break
      this.#compare(piece)
      this.receiver.release(piece.length, nowMs)
    }
    if (this.receiver.isComplete && this.readBytes === this.receiver.total?.bytes && this.doneAtMs === undefined) {
      this.doneAtMs = nowMs
      this.receiver.confirm(nowMs)
    }
  }

  #compare(piece: Buffer): void {
    for (let at = 0; at < piece.length; ) {
      const from = (this.readBytes + at) % this.#source.length
      const count = Math.min(piece.length - at, this.#source.length - from)
      if (piece.compare(this.#source, from, from + count, at, at + count) !== 0) this.isEqual = false
      at += count
    }
    this.readBytes += piece.length
  }
}

const sourceBytes = Buffer.from(new SeededRandom(99).bytes(1_000_003))
const digests = new Map<number, string>()

function digestOf(bytes: number): string {
  const known = digests.get(bytes)
  if (known !== undefined) return known
  digest.init()
  for (let at = 0; at < bytes; at += sourceBytes.length)
    digest.update(sourceBytes.subarray(0, Math.min(sourceBytes.length, bytes - at)))
  const hex = digest.digest('hex')
  digests.set(bytes, hex)
  return hex
}

export interface PathOptions {
  readonly forth: LinkOptions
  readonly back?: LinkOptions
  readonly seed?: number
  readonly untilMs?: number
  /** Shares the path; nothing of it may be dropped. */
  readonly rival?: Rival
}

/** Runs flows over one path until all are over or the time is up, and returns the virtual time. */
export function simulate(flows: readonly Flow[], path: PathOptions, startsMs: readonly number[] = []): number {
  const random = new SeededRandom(path.seed ?? 1)
  const forth = new SimulatedLink(path.forth, random)
  const back = new SimulatedLink(path.back ?? { delayMs: path.forth.delayMs }, random)
  const air = new Air()
  const wakes = flows.map((_, index) => startsMs[index] ?? 0)
  let nowMs = 0
  while (nowMs < (path.untilMs ?? 600_000) && flows.some((flow) => !flow.isOver)) {
    const tick = (Math.floor(nowMs / 100) + 1) * 100
    nowMs = Math.max(nowMs, Math.min(air.nextAtMs, tick, ...wakes))
    air.deliver(nowMs)
    path.rival?.send({ forth, back, air }, nowMs)
    for (const [index, flow] of flows.entries()) {
      if (nowMs >= (startsMs[index] ?? 0)) wakes[index] = step(flow, { forth, back, air }, nowMs)
      if (nowMs >= flow.history.length * 100) flow.history.push(flow.readBytes)
    }
  }
  return nowMs
}

function step(
  flow: Flow,
  { forth, back, air }: { forth: SimulatedLink; back: SimulatedLink; air: Air },
  nowMs: number,
): number {
  const isSending = flow.atSender.machine?.isAwayAt(nowMs) !== true
  const isReceiving = flow.atReceiver.machine?.isAwayAt(nowMs) !== true
  if (isSending) {
    for (const packet of flow.atSender.inbox.splice(0)) flow.sender.onDatagram(packet, nowMs)
    flow.write()
    for (const packet of flow.sender.poll(nowMs).flatMap((train) => [...packetsOf(train)]))
      air.send(forth, packet, nowMs, (bytes) => void flow.atReceiver.inbox.push(bytes))
  }
  if (isReceiving) {
    for (const packet of flow.atReceiver.inbox.splice(0)) flow.receiver.onDatagram(packet, nowMs)
    flow.read(nowMs)
    for (const packet of flow.receiver.poll(nowMs))
      air.send(back, packet, nowMs, (bytes) => void flow.atSender.inbox.push(bytes))
  }
  if (!isSending || !isReceiving) return nowMs + 0.5
  // Timers are no finer than this, and packets that are due together are sent together.
  return Math.max(nowMs + 0.2, Math.min(flow.sender.wakeAtMs, flow.receiver.wakeAtMs))
}
