import { onAbort } from '../stream/on-abort.ts'
import type { Address } from './address.ts'
import { type DatagramSocket, openSocket, type SocketEvents } from './datagram-socket.ts'
import type { PacketMemory } from './packet-memory.ts'
import { TimeSpent, type Waiting } from './time-spent.ts'
import { alone, packetsOf, type Train } from './train.ts'

/** What is at one end of a wire: a function of packets and time. What it throws ends the wire. */
export interface Machine {
  onDatagram(datagram: Buffer, from: Address, nowMs: number): void
  /** The same for many at once, where the machine has it. */
  onTrain?(train: Train, from: Address, nowMs: number): void
  poll(nowMs: number): readonly Outgoing[]
  /** When it is to be polled again, if nothing comes before. */
  readonly wakeAtMs: number
  /** What it waits for when it has nothing to do. */
  readonly waiting?: Waiting
}

export interface Outgoing {
  readonly packet: Buffer
  readonly to: Address
  /** There are several packets of this length, the last perhaps shorter. */
  readonly packetBytes?: number
}

// Timers of the event loop take whole milliseconds. A shorter wait keeps the event loop, so that it must be short, but not the
// processor, which the other end of the pipe may need; and waking for each packet would cost more than it spreads them.
const [shortestNapMs, longestNapMs] = [0.2, 0.9]
// Machines look for time-outs when they are polled.
const longestSleepMs = 250

interface Waiter {
  readonly isMet: () => boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Joins a machine to a socket and to the clock. */
export class Wire {
  #machine: Machine
  #socket: DatagramSocket | undefined
  #waiters: Waiter[] = []
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #error: unknown
  #isClosed = false
  #forgetSignal = () => {}
  /** Since the wire was opened. */
  readonly spent = new TimeSpent(performance.now())

  private constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Packets that are made in `memory`, and read into it, are not copied. */
  static open(
    machine: Machine,
    family: 4 | 6,
    local?: { host: string; port: number },
    memory?: PacketMemory,
  ): Promise<Wire> {
    return Wire.over(machine, (events) => openSocket(family, events, local, { memory }))
  }

  /** The same, over another socket. */
  static async over(machine: Machine, open: (events: SocketEvents) => Promise<DatagramSocket>): Promise<Wire> {
    const wire = new Wire(machine)
    const events = {
      onDatagram: (datagram: Buffer, from: Address) => wire.#onDatagram(datagram, from),
      onTrain: (train: Train, from: Address) => wire.#onTrain(train, from),
      onRoom: () => wire.wake(),
    }
    wire.#socket = await open(events)
    wire.wake()
    return wire
  }

  get keepsWhole(): boolean {
    return this.#socket?.keepsWhole ?? false
  }

  /** Why this system sends nothing, if it has refused so many packets in a row. */
  refusedAfter(most: number): string | undefined {
    return this.#socket?.refusals.after(most)
  }

  /** Packets of so many bytes never leave this system. */
  get tooLongBytes(): number {
    return this.#socket?.refusals.tooLongBytes ?? Number.POSITIVE_INFINITY
  }

  get nowMs(): number {
    return performance.now()
  }

  use(machine: Machine): void {
    this.#machine = machine
    this.wake()
  }

  /** Something has changed that the machine may act on: it is polled soon. */
  wake(): void {
    if (this.#isClosed) return
    this.#immediate ??= setImmediate(() => this.#step())
  }

  /** Resolves when this holds, which is looked at after each packet and poll. Rejects with what has ended the wire. */
  until(isMet: () => boolean): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (isMet()) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ isMet, resolve, reject }))
  }

  /** The same promise, but that it rejects with what ends the wire before. */
  during<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = { isMet: () => false, resolve: () => {}, reject }
      this.#waiters.push(waiter)
      if (this.#error !== undefined) reject(this.#error)
      const forget = () => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter)
      }
      work.then(resolve, reject).finally(forget)
    })
  }

  /** Ends the machine: whoever waits gets the error. Packets can still be sent. */
  fail(error: unknown): void {
    this.#error ??= error
    for (const { reject } of this.#waiters) reject(this.#error)
    this.#waiters = []
  }

  /** The signal's abort fails the wire, also one that has been before. */
  heed(signal: AbortSignal): void {
    this.#forgetSignal = onAbort(signal, () => this.fail(signal.reason))
  }

  send({ packet, to, packetBytes }: Outgoing): void {
    this.#socket?.send(packet, to, packetBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#forgetSignal()
    clearTimeout(this.#timer)
    if (this.#immediate !== undefined) clearImmediate(this.#immediate)
    await this.#socket?.close()
  }

  #onDatagram(datagram: Buffer, from: Address): void {
    this.#onTrain(alone(datagram), from)
  }

  #onTrain(train: Train, from: Address): void {
    if (this.#error !== undefined || this.#isClosed) return
    const { nowMs } = this
    this.#endWait(nowMs)
    try {
      if (this.#machine.onTrain !== undefined) this.#machine.onTrain(train, from, nowMs)
      else for (const packet of packetsOf(train)) this.#machine.onDatagram(packet, from, nowMs)
      this.spent.add('packets', this.nowMs)
      this.wake()
    } catch (error) {
      this.fail(error)
    }
  }

  #step(): void {
    this.#immediate = undefined
    clearTimeout(this.#timer)
    if (this.#error !== undefined || this.#isClosed) return
    try {
      this.#look()
      this.#endWait(this.nowMs)
      const out = this.#socket?.hasRoom ? this.#machine.poll(this.nowMs) : []
      this.spent.add('packets', this.nowMs)
      for (const outgoing of out) this.send(outgoing)
      this.spent.add('calls', this.nowMs)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#sleep()
  }

  #endWait(nowMs: number): void {
    this.spent.add(this.#socket?.hasRoom === false ? 'socket' : (this.#machine.waiting ?? 'peer'), nowMs)
  }

  #look(): void {
    const met = this.#waiters.filter(({ isMet }) => isMet())
    if (met.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter))
    for (const { resolve } of met) resolve()
  }

  /** A socket without room wakes us when it has some. */
  #sleep(): void {
    const leftMs = Math.min(longestSleepMs, this.#machine.wakeAtMs - this.nowMs)
    const socket = this.#socket?.hasRoom ? this.#socket : undefined
    if (socket !== undefined && leftMs <= 0) this.wake()
    else if (socket?.nap !== undefined && leftMs <= longestNapMs) {
      this.wake()
      socket.nap(Math.max(shortestNapMs, leftMs))
    } else this.#timer = setTimeout(() => this.#step(), Math.max(1, leftMs))
  }
}
