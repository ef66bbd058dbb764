import type { Socket } from 'node:dgram'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorName } from 'node:util'
import type { Address } from './address.ts'
import type { DatagramSocket, SocketEvents } from './datagram-socket.ts'
import { Message, udpGro } from './message.ts'
import type { PacketMemory } from './packet-memory.ts'
import { Refusals } from './refusals.ts'
import { handleOf } from './socket-options.ts'
import { type SystemCalls, systemCalls } from './system-calls.ts'
import { bytesPerCall, packetsOf } from './train.ts'

const SOL_UDP = 17
const MSG_DONTWAIT = 0x40
const [EAGAIN, EIO] = [11, 5]
// What waits for the system to take more. Beyond that packets had better wait in the window.
const mostQueuedBytes = 512 * 1024
// UDP's own limit over IPv4.
const largestDatagram = 65_507
// What is taken in one go before the rest of the program gets its turn.
const readsPerTurn = 16
// An idle socket is asked again at once, then every millisecond, and then a thread waits for it: that costs 40 µs each time,
// more than what came meanwhile, as long as much comes.
const [idleTurns, idleNaps, napMs, idleMs] = [3, 20, 1, 50]

/**
 * The same socket, but that the kernel cuts and joins packets (UDP GSO and GRO), so that one call moves up to 64 KiB. Where
 * the system has none of it, undefined: then the socket is as it was.
 */
export function offload(parts: Parts): DatagramSocket | undefined {
  const { socket } = parts
  const calls = systemCalls()
  const handle = handleOf(socket)
  if (calls === undefined || handle?.fd === undefined || handle.fd < 0 || handle.recvStop === undefined)
    return undefined
  const one = Buffer.from([1, 0, 0, 0])
  if (calls.setsockopt(handle.fd, SOL_UDP, udpGro, one, 4) !== 0) return undefined
  handle.recvStop()
  return new OffloadSocket(calls, handle.fd, parts)
}

interface Parts {
  readonly socket: Socket
  readonly family: 4 | 6
  readonly keepsWhole: boolean
  readonly events: SocketEvents
  /** Packets are received into it, and sent from it where they lie. */
  readonly memory: PacketMemory
}

class OffloadSocket implements DatagramSocket {
  readonly family: 4 | 6
  readonly keepsWhole: boolean
  readonly refusals = new Refusals()
  readonly #calls: SystemCalls
  readonly #fd: number
  readonly #parts: Parts
  readonly #in: Message
  readonly #out: Message
  #queue: { packet: Buffer; to: Address }[] = []
  #queuedBytes = 0
  #isFlushing = false
  #isClosed = false
  #cutsPackets = true
  readonly #reading: Promise<void>

  constructor(calls: SystemCalls, fd: number, parts: Parts) {
    this.#calls = calls
    this.#fd = fd
    this.#parts = parts
    this.family = parts.family
    this.keepsWhole = parts.keepsWhole
    this.#in = new Message(calls, parts.family)
    this.#out = new Message(calls, parts.family)
    this.#reading = this.#read()
  }

  get hasRoom(): boolean {
    return this.#queuedBytes < mostQueuedBytes
  }

  send(packets: Buffer, to: Address, packetBytes = packets.length): void {
    if (packetBytes > largestDatagram) return
    const at = this.#parts.memory.offsetOf(packets)
    const sent = at === undefined || this.#isFlushing ? 0 : this.#sendInPlace(at, packets.length, packetBytes, to)
    for (const packet of packetsOf({ bytes: packets.subarray(sent), packetBytes }))
      this.#enqueue(at === undefined ? packet : Buffer.from(packet), to)
  }

  /** From where the packets lie, up to 64 at once. Returns the bytes that the system has taken, or that are lost. */
  #sendInPlace(at: number, bytes: number, packetBytes: number, to: Address): number {
    const { address } = this.#parts.memory
    if (address === undefined || !this.#cutsPackets) return 0
    const most = bytesPerCall(packetBytes)
    for (let sent = 0; sent < bytes; sent += most) {
      const length = Math.min(most, bytes - sent)
      this.#out.prepareSend(to, length, packetBytes, address + at + sent)
      if (Number(this.#calls.sendmsg(this.#fd, this.#out.header, 0)) < 0) return sent
    }
    return bytes
  }

  #enqueue(packet: Buffer, to: Address): void {
    this.#queue.push({ packet, to })
    this.#queuedBytes += packet.length
    if (this.#isFlushing) return
    this.#isFlushing = true
    // All that is sent in this turn goes together.
    queueMicrotask(() => this.#flush())
  }

  nap(ms: number): void {
    this.#calls.napUntilReadable(this.#fd, ms)
    this.#readSome()
  }

  async close(): Promise<void> {
    this.#flush()
    this.#isClosed = true
    // As long as a thread waits for the descriptor, the system keeps the port, and its number must be nobody else's.
    await this.#reading
    this.#parts.socket.close()
    for (const message of [this.#in, this.#out]) message.release()
  }

  /** Reads until it is closed: at once while there is much, when the kernel says so while there is little. */
  async #read(): Promise<void> {
    for (let idle = 0; !this.#isClosed; ) {
      idle = this.#readSome() ? 0 : idle + 1
      if (idle < idleTurns) await nextTurn()
      else if (idle < idleTurns + idleNaps) await sleep(napMs)
      else await this.#calls.waitReadable(this.#fd, idleMs)
    }
  }

  #readSome(): boolean {
    const { events, memory } = this.#parts
    const { address, bytes, inAt } = memory
    for (let count = 0; count < readsPerTurn && !this.#isClosed; count++) {
      this.#in.prepareReceive(address === undefined ? undefined : address + inAt)
      const length = Number(this.#calls.recvmsg(this.#fd, this.#in.header, MSG_DONTWAIT))
      if (length < 0) return count > 0
      const { from, segmentBytes = Math.max(1, length) } = this.#in
      const data = address === undefined ? this.#in.data.subarray(0, length) : bytes.subarray(inAt, inAt + length)
      const train = { bytes: data, packetBytes: segmentBytes }
      if (events.onTrain !== undefined) events.onTrain(train, from)
      else for (const packet of packetsOf(train)) events.onDatagram(packet, from)
    }
    return true
  }

  #flush(): void {
    if (this.#isClosed) return
    const hadRoom = this.hasRoom
    let next = 0
    for (let count = -1; next < this.#queue.length && count !== 0; next += count) {
      count = this.#gather(next)
      if (!this.#push(next, count)) count = this.#pushOneByOne(next, count)
    }
    for (const { packet } of this.#queue.slice(0, next)) this.#queuedBytes -= packet.length
    this.#queue = this.#queue.slice(next)
    this.#isFlushing = this.#queue.length > 0
    if (this.#isFlushing) setTimeout(() => this.#flush(), 1)
    if (!hadRoom && this.hasRoom) this.#parts.events.onRoom()
  }

  /** After a call that failed. Returns how many are done with: none while the socket is full. */
  #pushOneByOne(first: number, count: number): number {
    const error = this.#calls.errno()
    if (error === EAGAIN) return 0
    if (error === EIO) this.#cutsPackets = false
    if (count === 1) this.refusals.note(getSystemErrorName(-error), this.#queue[first]!.packet.length)
    // One that is too long spoils it for the others, and is lost alone.
    else for (let index = first; index < first + count; index++) this.#pushAlone(index)
    return count
  }

  #pushAlone(index: number): void {
    if (this.#push(index, 1)) return
    this.refusals.note(getSystemErrorName(-this.#calls.errno()), this.#queue[index]!.packet.length)
  }

  /** How many packets from here on can go in one call: to one address, of one length, but that the last may be shorter. */
  #gather(first: number): number {
    const { packet, to } = this.#queue[first]!
    const mostBytes = bytesPerCall(packet.length)
    let [count, bytes] = [1, packet.length]
    while (this.#cutsPackets) {
      const next = this.#queue[first + count]
      const isSame = next?.to.port === to.port && next.to.address === to.address
      if (next === undefined || !isSame || next.packet.length > packet.length || bytes + next.packet.length > mostBytes)
        break
      count += 1
      bytes += next.packet.length
      if (next.packet.length < packet.length) break
    }
    return count
  }

  #push(first: number, count: number): boolean {
    let at = 0
    for (let index = first; index < first + count; index++) {
      const { packet } = this.#queue[index]!
      this.#out.data.set(packet, at)
      at += packet.length
    }
    const { packet, to } = this.#queue[first]!
    this.#out.prepareSend(to, at, packet.length)
    const isTaken = Number(this.#calls.sendmsg(this.#fd, this.#out.header, 0)) >= 0
    if (isTaken) this.refusals.note(undefined, at)
    return isTaken
  }
}
