import { Failure } from '../errors.ts'
import type { Input } from '../stream/input.ts'
import { unlessSlow } from '../stream/unless-slow.ts'
import { aliveFrame, dataHeader, encodeMessage, type Frame, FrameReader, greeting, mostMessageBytes } from './frames.ts'

/** Bytes both ways, whatever carries them. */
export interface Link {
  readonly input: Input
  /** Writes them one after the other. Resolves when they have left our memory. */
  write(...pieces: readonly Uint8Array[]): Promise<void>
  /** After the last word: no more will be written, and what carries it has ended well. What still comes is dropped. */
  finish(): Promise<void>
  /** Lets go at once. */
  close(): Promise<void>
  /** What to say of an end that comes too early, if the link knows. */
  explainEnd?(): Promise<Failure | undefined>
}

// Both ends must agree. The least time-out is a few of it: some may be late on a busy machine.
const aliveMs = 3000

export interface ChannelLimits {
  readonly messageBytes?: number
  /** How long a silence is borne before there is a dialogue. By default for ever, as of a file. */
  readonly helloMs?: number
  /** How long one is borne in a dialogue. */
  readonly silenceMs?: number
}

const defaultSilenceMs = 60_000
// Who has said his last word, and stays all the same, may stay for ever.
const explainMs = 5000

/** Frames over a link, in order, one after the other. */
export class Channel {
  readonly #link: Link
  readonly #reader: FrameReader
  readonly #silenceMs: number
  /** 0: for ever. */
  #patienceMs: number
  #alive: NodeJS.Timeout | undefined
  #lastWrite: Promise<void> = Promise.resolve()
  #isWriting = false
  #failure: unknown

  constructor(link: Link, limits: ChannelLimits = {}) {
    const { messageBytes = mostMessageBytes, helloMs = 0, silenceMs = defaultSilenceMs } = limits
    this.#link = link
    this.#silenceMs = silenceMs
    this.#patienceMs = helloMs
    const { input } = link
    const patient = { fill: (target: Uint8Array) => this.#inTime(input.fill(target)), close: () => input.close() }
    this.#reader = new FrameReader(patient, { messageBytes })
  }

  /** From here on, both sides say that they are still there. */
  beginDialogue(): void {
    clearInterval(this.#alive)
    this.#patienceMs = this.#silenceMs
    this.#alive = setInterval(() => this.#sayAlive(), aliveMs)
  }

  /** Why nothing more can go over it; undefined while it works. */
  get failure(): unknown {
    return this.#failure
  }

  greet(): Promise<void> {
    return this.#write(greeting)
  }

  /** Resolves to false if there was not a single byte. */
  readGreeting(): Promise<boolean> {
    return this.#guard(this.#reader.readGreeting())
  }

  send(message: object): Promise<void> {
    return this.#write(encodeMessage(message))
  }

  sendData(bytes: Uint8Array): Promise<void> {
    return this.#write(dataHeader(bytes.length), bytes)
  }

  /**
   * The next frame that says something. Bytes of a stream are read into `place` if they fit. An end that comes instead is a
   * Failure 'retry', or what the link knows of it.
   */
  async read(place?: Uint8Array): Promise<Exclude<Frame, { kind: 'alive' }>> {
    for (;;) {
      const frame = await this.#guard(this.#reader.read(place))
      if (frame === undefined) return this.#guard(this.endedEarly())
      if (frame.kind !== 'alive') return frame
    }
  }

  /** The text of the next message. Bytes of a stream in its place are a Failure 'protocol'. */
  async readMessage(): Promise<string> {
    const frame = await this.read()
    if (frame.kind === 'message') return frame.text
    throw new Failure('protocol', 'bytes of a stream came where a message was due')
  }

  /** The other side has said its last word, and why. */
  end(reason: Failure): void {
    clearInterval(this.#alive)
    this.#failure ??= reason
  }

  /** After the last word of both. */
  async finish(): Promise<void> {
    clearInterval(this.#alive)
    await this.#lastWrite
    await this.#inTime(this.#link.finish())
  }

  async close(): Promise<void> {
    clearInterval(this.#alive)
    this.#failure ??= new Failure('retry', 'the connection was closed')
    await this.#link.close()
  }

  /** Frames stay whole although several may be under way. */
  #write(...pieces: readonly Uint8Array[]): Promise<void> {
    this.#isWriting = true
    const write = this.#lastWrite.then(() => {
      if (this.#failure !== undefined) throw this.#failure
      return this.#link.write(...pieces)
    })
    this.#lastWrite = write.catch(() => {})
    const last = this.#lastWrite
    void last.then(() => {
      if (last === this.#lastWrite) this.#isWriting = false
    })
    return this.#guard(write)
  }

  #sayAlive(): void {
    if (!this.#isWriting && this.#failure === undefined) void this.#write(aliveFrame).catch(() => {})
  }

  /** Throws what is known of an end that came too early. */
  async endedEarly(): Promise<never> {
    const explanation = await unlessSlow(this.#link.explainEnd?.(), explainMs)
    throw explanation ?? new Failure('retry', 'the other side ended before the work was done')
  }

  #inTime<T>(reading: Promise<T>): Promise<T> {
    const patienceMs = this.#patienceMs
    if (patienceMs === 0) return reading
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Failure('retry', `the other side has said nothing for ${patienceMs / 1000} seconds`))
        void this.#link.close()
      }, patienceMs)
    })
    return Promise.race([reading, silence]).finally(() => clearTimeout(timer))
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      this.#failure ??= error
      throw this.#failure
    }
  }
}
