import { connect, isIP, type Socket, type TcpSocketConnectOpts } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'

export interface Endpoint {
  readonly isTls: boolean
  readonly host: string
  readonly port: number
  /** Whose certificates are trusted, where it is not whom Node trusts. */
  readonly secureContext?: SecureContext | undefined
  /** A way there that is open already, for TLS to go through. */
  readonly tunnel?: Socket | undefined
}

export interface Patience {
  /** To be connected, in milliseconds. */
  readonly connectMs: number
  /** Without a byte, in milliseconds. */
  readonly idleMs: number
}

// What is read at once when nobody has said where the bytes shall go: the head of an answer, and what comes with it.
const spillBytes = 16 * 1024

/**
 * A connection to a server, read by the event loop straight into the caller's memory: Node's HTTP client copies a body
 * twice on its way there, by pieces of 64 KiB with an event and garbage for each. One reader at a time.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #readOn: () => void
  #spill = Buffer.allocUnsafeSlow(2 * spillBytes)
  #start = 0
  #end = 0
  #isForSpill = true
  #target: Uint8Array | undefined
  #count = 0
  #wake: (() => void) | undefined
  #hasEnded = false
  #error: Error | undefined

  constructor(endpoint: Endpoint, { connectMs, idleMs }: Patience) {
    const { isTls, host, port, tunnel: socket, secureContext } = endpoint
    const onread = { buffer: () => this.#nextBuffer(), callback: (count: number) => this.#take(count) }
    const options = { host, port, noDelay: true, keepAlive: true, onread } as unknown as TcpSocketConnectOpts
    this.#socket = isTls ? connectTls({ ...options, ...tlsOptions(host), socket, secureContext }) : connect(options)
    // Node ignores `onread` for TLS within another connection.
    if (socket !== undefined) this.#socket.on('data', (piece: Buffer) => this.#takeCopied(piece)).pause()
    this.#readOn = () => void (socket === undefined ? this.#socket.read(0) : this.#socket.resume())
    const timer = setTimeout(() => this.destroy(timeout(`no connection to ${host}:${port}`, connectMs)), connectMs)
    this.#socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(timer))
    this.#socket.setTimeout(idleMs, () => this.destroy(timeout(`not a byte from ${host}:${port}`, idleMs)))
    this.#socket.on('end', () => this.#stop())
    this.#socket.on('error', (error) => this.#stop(error))
    this.#socket.on('close', () => {
      clearTimeout(timer)
      this.#stop()
    })
  }

  /** Why it broke, if it did. */
  get error(): Error | undefined {
    return this.#error
  }

  get isUsable(): boolean {
    return !this.#hasEnded && !this.#socket.destroyed && this.#start === this.#end
  }

  /** Keeps no program from ending meanwhile, and hears when the server closes it. */
  rest(): void {
    this.#socket.unref()
    this.#readOn()
  }

  use(): void {
    this.#socket.ref()
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Bytes that have come and were not consumed. Good until the next wait. */
  get pending(): Buffer {
    return this.#spill.subarray(this.#start, this.#end)
  }

  consume(count: number): void {
    this.#start += count
  }

  /** Waits for more pending bytes. False at the end, also at a bad one. */
  async more(): Promise<boolean> {
    const before = this.#end - this.#start
    await this.#wait(() => this.#end - this.#start > before)
    return this.#end - this.#start > before
  }

  /** Resolves to the bytes put into `target`: fewer than its length at the end, also at a bad one. */
  async fill(target: Uint8Array): Promise<number> {
    this.#target = target
    this.#count = 0
    this.#takePending()
    await this.#wait(() => this.#count === target.length)
    this.#target = undefined
    return this.#count
  }

  /** The socket, for another who uses it from now on. */
  release(): Socket {
    this.#socket.setTimeout(0)
    return this.#socket
  }

  destroy(error?: Error): void {
    this.#stop(error)
    this.#socket.destroy()
  }

  async #wait(isDone: () => boolean): Promise<void> {
    while (!isDone() && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#readOn()
      })
    }
  }

  /** Node asks when a read ends, not when the next begins; and TLS gives what it has, though reading was stopped. */
  #nextBuffer(): Uint8Array {
    this.#isForSpill = this.#target === undefined || this.#count === this.#target.length
    if (!this.#isForSpill) return (this.#target as Uint8Array).subarray(this.#count)
    const pending = this.pending
    const hasRoom = pending.length + spillBytes <= this.#spill.length
    const spill = hasRoom ? this.#spill : Buffer.allocUnsafeSlow(2 * this.#spill.length)
    pending.copy(spill)
    this.#spill = spill
    this.#start = 0
    this.#end = pending.length
    return spill.subarray(this.#end, this.#end + spillBytes)
  }

  #takeCopied(piece: Buffer): void {
    for (let at = 0; at < piece.length; ) {
      const room = this.#nextBuffer()
      const part = piece.subarray(at, at + room.length)
      room.set(part)
      at += part.length
      if (!this.#take(part.length)) this.#socket.pause()
    }
  }

  /** Returns false to stop reading, until somebody waits. */
  #take(count: number): boolean {
    if (this.#isForSpill) {
      this.#end += count
      this.#takePending()
    } else this.#count += count
    if (this.#target !== undefined && this.#count < this.#target.length) return true
    this.#wakeUp()
    return false
  }

  #takePending(): void {
    if (this.#target === undefined) return
    const piece = this.pending.subarray(0, this.#target.length - this.#count)
    this.#target.set(piece, this.#count)
    this.#count += piece.length
    this.consume(piece.length)
  }

  #stop(error?: Error): void {
    this.#error ??= error
    this.#hasEnded = true
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

function tlsOptions(host: string) {
  return { ALPNProtocols: ['http/1.1'], ...(isIP(host) ? {} : { servername: host }) }
}

function timeout(what: string, ms: number): Error {
  return Object.assign(new Error(`${what} for ${ms / 1000} s`), { name: 'TimeoutError', code: 'ETIMEDOUT' })
}
