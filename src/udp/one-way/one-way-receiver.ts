import { Failure } from '../../errors.ts'
import type { Trust } from '../agreement.ts'
import { type Close, readClose } from '../bodies.ts'
import { readHeader } from '../packet-header.ts'
import { packetType, protocolVersion } from '../protocol.ts'
import type { OpenedPacket, Session } from '../session.ts'
import type { Machine } from '../wire.ts'
import { type Last, readLast, readShard } from './bodies.ts'
import { leastWindowBytes } from './interleaving.ts'
import { RepairWindow } from './repair-window.ts'
import { isStartOf, readStart, type Start, type StartKind, sessionOfStart } from './start-packet.ts'

export interface ReceiverOptions {
  readonly trust: Trust
  readonly kind: StartKind
  /** How long the sender may take to appear, and to be silent, in milliseconds. */
  readonly waitMs: number
  readonly timeoutMs: number
  readonly windowBytes: number
  /** Transfers that began before are refused, in milliseconds since 1970. */
  readonly notBeforeMs: number
}

// The end has been said, and packets that were overtaken may still come so long.
const graceMs = 300
const wakeEveryMs = 50

/** The first transfer that begins, as its packets tell it. Nothing is ever sent. */
export class OneWayReceiver implements Machine {
  readonly #options: ReceiverOptions
  readonly #untilMs: number
  #startPacket: Buffer | undefined
  #session: Session | undefined
  #heardAtMs = 0
  #shardAtMs = 0
  #refusal: Failure | undefined
  start: Start | undefined
  window: RepairWindow | undefined
  last: Last | undefined
  closed: Close | undefined

  constructor(options: ReceiverOptions, nowMs: number) {
    this.#options = options
    this.#untilMs = nowMs + options.waitMs
  }

  onDatagram(datagram: Buffer, _from: unknown, nowMs: number): void {
    if (datagram[0] === packetType.start) this.#onStart(datagram, nowMs)
    const packet = datagram[0] === packetType.start ? undefined : this.#session?.open(datagram)
    if (packet !== undefined) this.#onPacket(packet, nowMs)
  }

  /** Throws when nobody has come, or nothing comes any more. */
  poll(nowMs: number): readonly [] {
    if (this.window === undefined) {
      if (nowMs > this.#untilMs) throw this.#refusal ?? absent(this.#options.waitMs)
      return []
    }
    if (this.window.isSettled) return []
    const isOverdue = this.last !== undefined && nowMs - this.#shardAtMs > graceMs
    if (isOverdue || this.closed !== undefined) this.window.giveUp()
    else if (nowMs - this.#heardAtMs > this.#options.timeoutMs) throw silent(this.#options.timeoutMs)
    return []
  }

  get wakeAtMs(): number {
    return performance.now() + wakeEveryMs
  }

  #onStart(datagram: Buffer, nowMs: number): void {
    if (this.#startPacket !== undefined) {
      if (this.#startPacket.equals(datagram)) this.#heardAtMs = nowMs
      return
    }
    const start = readStart(datagram)
    // A refused sender does not end the wait for another.
    this.#refusal = start === undefined ? otherVersion(datagram) : this.#reasonAgainst(start, datagram)
    if (start !== undefined && this.#refusal === undefined) this.#begin(start, Buffer.from(datagram), nowMs)
  }

  #reasonAgainst(start: Start, datagram: Buffer): Failure | undefined {
    const { trust, kind, notBeforeMs } = this.#options
    const isOurs = (start.cipher === 'none') === (trust.cipher === 'none') && isStartOf(datagram, trust.sharedKey)
    if (!isOurs) return new Failure('permission', 'the only sender that came has another key, or none')
    if (start.timeMs < notBeforeMs) return new Failure('permission', oldTransfer(start.timeMs, notBeforeMs))
    return start.kind === kind ? undefined : new Failure('usage', otherKind(start.kind))
  }

  #begin(start: Start, packet: Buffer, nowMs: number): void {
    const { windowBytes, trust } = this.#options
    const needed = leastWindowBytes(start.interleaving)
    if (needed > windowBytes) throw tooDeep(needed - windowBytes)
    this.start = start
    this.#startPacket = packet
    this.#session = sessionOfStart(start, packet, trust)
    this.window = new RepairWindow(start.interleaving, windowBytes)
    this.#heardAtMs = nowMs
  }

  #onPacket({ type, body }: OpenedPacket, nowMs: number): void {
    this.#heardAtMs = nowMs
    if (type === packetType.segment || type === packetType.repair) this.#onShard(type, body, nowMs)
    else if (type === packetType.close) this.closed ??= readClose(body)
    else if (type === packetType.last) this.#onLast(readLast(body), nowMs)
  }

  #onShard(type: number, body: Buffer, nowMs: number): void {
    const shard = readShard(body, this.start!.interleaving.segmentBytes)
    if (shard === undefined) throw new Failure('protocol', 'the sender sent a packet of another length')
    this.#shardAtMs = nowMs
    if (type === packetType.segment) this.window!.putSegment(shard.index, shard.shard)
    else this.window!.putRepair(shard.index, shard.shard)
  }

  #onLast(last: Last | undefined, nowMs: number): void {
    if (this.last !== undefined) return
    if (last === undefined || !this.window!.end(last.sent.bytes))
      throw new Failure('protocol', 'the sender ends the stream before what it sent')
    this.last = last
    this.#shardAtMs = nowMs
  }
}

function absent(waitMs: number): Failure {
  return new Failure('unavailable', `no sender began a transfer within ${waitMs / 1000} s`, {
    hint: 'start zudp-recv before zudp-send --one-way, and let UDP pass to this port',
  })
}

function silent(timeoutMs: number): Failure {
  return new Failure('retry', `nothing was heard of the sender for ${timeoutMs / 1000} s, and it had not ended`)
}

function tooDeep(missingBytes: number): Failure {
  const mebibytes = Math.ceil(missingBytes / 1024 / 1024)
  return new Failure('configuration', `the blocks of the sender need ${mebibytes} MiB more than --memory leaves`, {
    hint: 'give --memory more here, or the sender a smaller --burst',
  })
}

function otherKind(kind: StartKind): string {
  return kind === 'patch'
    ? 'the sender sends a patch: --patch FILE takes it'
    : 'the sender sends a whole stream, and no patch'
}

function otherVersion(datagram: Buffer): Failure | undefined {
  const version = readHeader(datagram)?.version
  if (version === undefined || version === protocolVersion) return undefined
  return new Failure('protocol', `the sender speaks version ${version} of the protocol, not ${protocolVersion}`)
}

function oldTransfer(timeMs: number, notBeforeMs: number): string {
  const [began, least] = [timeMs, notBeforeMs].map((ms) => new Date(ms).toISOString())
  return `the only transfer that came began at ${began}: it must be after ${least}`
}
