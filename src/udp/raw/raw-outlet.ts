import { closeSync, writeSync } from 'node:fs'
import { Failure } from '../../errors.ts'
import type { Outlet } from '../one-way/outlet.ts'
import { type Endpoints, FrameWriter } from './frame.ts'
import { openPacketSocket, readInterface } from './packet-socket.ts'

const etherBytes = 14
const againMs = 1
// So many frames wait for an interface that is busy.
const mostQueued = 256

export interface RawOptions {
  readonly interfaceName: string
  readonly endpoints: Endpoints
  readonly frameBytes: number
}

/** Packets in frames of our own making. */
export class RawOutlet implements Outlet {
  /** The length of a packet that fills a frame. */
  readonly packetBytes: number
  readonly #fd: number
  readonly #writer: FrameWriter
  readonly #name: string
  #queue: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  failure: Failure | undefined

  constructor({ interfaceName, endpoints, frameBytes }: RawOptions) {
    const found = readInterface(interfaceName)
    if (frameBytes > found.mtuBytes + etherBytes)
      throw new Failure(
        'usage',
        `${interfaceName} takes frames of ${found.mtuBytes + etherBytes} bytes, not ${frameBytes}`,
      )
    this.#name = interfaceName
    this.#writer = new FrameWriter(endpoints)
    this.packetBytes = frameBytes - this.#writer.headBytes
    this.#fd = openPacketSocket(found, false)
  }

  get hasRoom(): boolean {
    return this.#queue.length < mostQueued
  }

  send(packet: Buffer): void {
    this.#queue.push(this.#writer.frame(packet))
    this.#flush()
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0 && this.failure === undefined)
      await new Promise((resolve) => setTimeout(resolve, againMs))
    clearTimeout(this.#timer)
    closeSync(this.#fd)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    let done = 0
    while (done < this.#queue.length && this.#push(this.#queue[done]!)) done++
    this.#queue = this.failure === undefined ? this.#queue.slice(done) : []
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#flush(), againMs)
  }

  /** False while the interface is busy. */
  #push(frame: Buffer): boolean {
    try {
      writeSync(this.#fd, frame)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN' && code !== 'ENOBUFS')
        this.failure = new Failure('unavailable', `${this.#name}: sends no more: ${code}`, { cause: error })
      return false
    }
  }
}
