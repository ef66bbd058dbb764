import { fstatSync, readSync } from 'node:fs'
import { Socket, type SocketConstructorOpts } from 'node:net'
import { Failure } from '../errors.ts'
import type { Input } from './input.ts'
import { onAbort } from './on-abort.ts'
import { readAtOnce } from './pipe-at-once.ts'
import { widenPipe } from './pipe-size.ts'

// One read of a pipe of the size that Linux gives by default.
const spillBytes = 64 * 1024
// What is read at once lets neither a signal nor a timer in: after so many bytes the event loop has its turn.
const mostAtOnceBytes = 16 * 1024 * 1024

/**
 * A pipe or a socket, read by the event loop straight into the caller's memory. A thread blocked in read() would be as
 * fast, but neither a signal nor process.exit() could end it while its writer is silent.
 *
 * Node asks for the next buffer as soon as one read ends, when the caller may have none. The read after a pause
 * therefore goes to a spill of 64 KiB and is copied; the rest of each fill is not.
 */
export class PipeInput implements Input {
  readonly #spill = new Uint8Array(spillBytes)
  #spillStart = 0
  #spillEnd = 0
  #target: Uint8Array | undefined
  #count = 0
  #resolve: (count: number) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #hasEnded = false
  #error: unknown
  #atOnceBytes = 0
  readonly #fd: number
  readonly #socket: Socket
  readonly #isPipe: boolean
  readonly #forgetSignal: () => void

  constructor(fd: number, signal?: AbortSignal) {
    widenPipe(fd)
    this.#fd = fd
    this.#isPipe = fstatSync(fd).isFIFO()
    const onread = {
      buffer: () => (this.#target === undefined ? this.#spill : this.#target.subarray(this.#count)),
      callback: (count: number, buffer: Uint8Array) => this.#take(count, buffer === this.#spill),
    }
    // Open for writing too, in name, so that Node does not close it at its end: see close(). The types know `onread` for
    // connect() only.
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: true,
      allowHalfOpen: true,
      onread,
    } as SocketConstructorOpts)
    this.#socket.on('end', () => {
      this.#hasEnded = true
      this.#readRest()
      this.#finish()
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#forgetSignal = signal === undefined ? () => {} : onAbort(signal, () => this.#fail(signal.reason))
  }

  fill(target: Uint8Array): Promise<number> {
    this.#target = target
    this.#count = 0
    this.#takeSpill()
    if (this.#isPipe && !this.#hasEnded && this.#error === undefined) this.#takeAtOnce(target)
    if (this.#hasEnded && this.#error === undefined) this.#readRest()
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#count === target.length || this.#hasEnded) {
      this.#target = undefined
      return Promise.resolve(this.#count)
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#atOnceBytes = 0
      this.#socket.read(0)
    })
  }

  /**
   * Stdin stays open: the next file that is opened would get its number, and a program that inherits stdin the file. Its
   * writer gets EPIPE when we end.
   */
  async close(): Promise<void> {
    this.#forgetSignal()
    this.#fail(new Failure('io', 'the input was closed'))
    if (this.#fd > 2) this.#socket.destroy()
  }

  /** Nobody else reads now: the event loop does so only during a fill. */
  #takeAtOnce(target: Uint8Array): void {
    while (this.#count < target.length && this.#atOnceBytes < mostAtOnceBytes) {
      const count = readAtOnce(this.#fd, target.subarray(this.#count))
      if (count === 0) return
      this.#count += count
      this.#atOnceBytes += count
    }
  }

  /** Returns false to stop reading: Node then waits for the next `read(0)`. */
  #take(count: number, intoSpill: boolean): boolean {
    if (intoSpill) {
      this.#spillEnd = count
      this.#takeSpill()
    } else this.#count += count
    if (this.#target === undefined || this.#count < this.#target.length) return this.#target !== undefined
    this.#finish()
    return false
  }

  /**
   * Node sees an end in a hang-up and a read that was not full, without a read that gives nothing: so does a connection
   * that was reset, and a pipe of packets (O_DIRECT) that still has some. Only the system's own answer is the end.
   */
  #readRest(): void {
    try {
      while (this.#target !== undefined && this.#count < this.#target.length) {
        const count = readSync(this.#fd, this.#target, this.#count, this.#target.length - this.#count, null)
        if (count === 0) return
        this.#count += count
      }
    } catch (error) {
      // A pipe that someone has opened for writing again: its end has been.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#fail(error)
    }
  }

  #takeSpill(): void {
    if (this.#target === undefined || this.#spillStart === this.#spillEnd) return
    const count = Math.min(this.#spillEnd - this.#spillStart, this.#target.length - this.#count)
    this.#target.set(this.#spill.subarray(this.#spillStart, this.#spillStart + count), this.#count)
    this.#count += count
    this.#spillStart += count
    if (this.#spillStart === this.#spillEnd) this.#spillStart = this.#spillEnd = 0
  }

  #finish(): void {
    if (this.#target === undefined) return
    this.#target = undefined
    this.#resolve(this.#count)
  }

  #fail(error: unknown): void {
    this.#error ??= error
    this.#target = undefined
    this.#reject(error)
    this.#socket.pause()
  }
}
