import { Failure } from '../errors.ts'
import type { Input } from '../stream/input.ts'

/*
 * A dialogue is a line and then frames:
 *
 *   "zfsync 1\n"                                         who speaks, and the version; from either side
 *   u8 kind | u32 length, big-endian | payload           kind 1: a message, JSON · 2: bytes of a stream · 3: nothing, "still here"
 */
export const greeting = new TextEncoder().encode('zfsync 1\n')

const kinds = { message: 1, data: 2, alive: 3 } as const
const headerBytes = 5
// In memory of its own, a header can be read at once where a pipe has it.
const pageBytes = 4096
/** Both ends must agree: no frame of data is longer. */
export const mostDataBytes = 256 * 1024
/** Of a receiver's messages, an inventory is the longest: about 60 bytes for each snapshot. */
export const mostMessageBytes = 64 * 1024 * 1024

/** Of a sender's, the list of what failed. */
export const mostRequestBytes = 1024 * 1024

export type Frame =
  | { readonly kind: 'message'; readonly text: string }
  /** Valid until the next frame is read. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'alive' }

export function encodeMessage(message: object): Uint8Array {
  return frameOf(kinds.message, new TextEncoder().encode(JSON.stringify(message)))
}

/** What goes before the bytes of a stream; they follow as they are, without a copy. */
export function dataHeader(length: number): Uint8Array {
  return frameHeader(kinds.data, length)
}

export const aliveFrame: Uint8Array = frameOf(kinds.alive, new Uint8Array(0))

function frameOf(kind: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([frameHeader(kind, payload.length), payload])
}

function frameHeader(kind: number, length: number): Uint8Array {
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, length)
  return header
}

/** Reads the greeting, then frames. What cannot be one is a Failure 'protocol'; an end within one is 'data'. */
export class FrameReader {
  readonly #input: Input
  readonly #header = new Uint8Array(new ArrayBuffer(pageBytes), 0, headerBytes)
  readonly #data = new Uint8Array(mostDataBytes)
  readonly #mostMessageBytes: number

  constructor(input: Input, limits: { readonly messageBytes: number } = { messageBytes: mostMessageBytes }) {
    this.#input = input
    this.#mostMessageBytes = limits.messageBytes
  }

  /** Resolves to false if the input is empty. */
  async readGreeting(): Promise<boolean> {
    const found = new Uint8Array(greeting.length)
    const count = await this.#input.fill(found)
    if (count === 0) return false
    const isCut = count < greeting.length && found.every((byte, index) => index >= count || byte === greeting[index])
    if (isCut) throw truncated()
    const words = JSON.stringify(new TextDecoder().decode(found.subarray(0, count)))
    if (count === greeting.length && found.every((byte, index) => byte === greeting[index])) return true
    if (words.startsWith('"zfsync ')) throw new Failure('protocol', `the other side speaks ${words}, not "zfsync 1\\n"`)
    throw new Failure('protocol', `the other side is no zfsync: it begins with ${words}`)
  }

  /** Undefined at the end of the input. Bytes of a stream are read into `place` if they fit. */
  async read(place: Uint8Array = this.#data): Promise<Frame | undefined> {
    const count = await this.#input.fill(this.#header)
    if (count === 0) return undefined
    if (count < headerBytes) throw truncated()
    const view = new DataView(this.#header.buffer)
    const [kind, length] = [view.getUint8(0), view.getUint32(1)]
    if (kind === kinds.alive && length === 0) return { kind: 'alive' }
    if (kind === kinds.data) {
      const buffer = length > place.length ? this.#data : place
      return { kind: 'data', bytes: await this.#payload(length, mostDataBytes, buffer) }
    }
    if (kind !== kinds.message) throw new Failure('protocol', `a frame of kind ${kind} is not known`)
    const payload = await this.#payload(length, this.#mostMessageBytes)
    return { kind: 'message', text: new TextDecoder().decode(payload) }
  }

  async #payload(length: number, most: number, buffer?: Uint8Array): Promise<Uint8Array> {
    if (length > most) throw new Failure('protocol', `a frame has ${length} bytes, ${most} are the most`)
    const payload = buffer?.subarray(0, length) ?? new Uint8Array(length)
    // Piece by piece: a long message may take its time, as long as something comes.
    for (let at = 0; at < length; at += mostDataBytes) {
      const piece = payload.subarray(at, at + mostDataBytes)
      if ((await this.#input.fill(piece)) < piece.length) throw truncated()
    }
    return payload
  }
}

function truncated(): Failure {
  return new Failure('data', 'the input ends in the middle of a frame')
}
