import { Failure } from '../errors.ts'
import { acceptWelcome, type Ephemeral, type Trust } from './agreement.ts'
import { cookieBytes, type Refusal, readRefused, writeHello } from './hello.ts'
import { headerBytes, readHeader } from './packet-header.ts'
import { packetType } from './protocol.ts'
import type { Session } from './session.ts'

// A HELLO that gets no answer is said again after this time, then after so many times as long, up to the longest: where both
// ends are started together, the receiver is late by a part of what has passed.
const firstRepeatMs = 50
const growth = 1.25
const longestRepeatMs = 1000
// A HELLO in which a bit has changed on the way is refused as that of a stranger would be: so many in a row are believed.
const believedRefusals = 3

/** The sender's side of the handshake: HELLO until a COOKIE comes, HELLO with the cookie until a WELCOME comes. */
export class Caller {
  readonly #connection: Buffer
  readonly #own: Ephemeral
  readonly #trust: Trust
  #hello: Buffer
  #saidAtMs = Number.NEGATIVE_INFINITY
  #firstSaidAtMs: number | undefined
  #repeatMs = firstRepeatMs
  #refusals = 0
  session: Session | undefined
  /**
   * From the first time that the last HELLO was said to its WELCOME. Nobody knows which of its copies was answered: too long
   * a time is soon corrected by shorter ones, too short a one would hold for the true one for a queue.
   */
  rttMs = 0
  wasBusy = false

  constructor(connection: Buffer, own: Ephemeral, trust: Trust) {
    this.#connection = connection
    this.#own = own
    this.#trust = trust
    this.#hello = this.#helloWith(Buffer.alloc(cookieBytes))
  }

  /** Gives true if it has brought a cookie, or a session. Throws what the receiver's refusals mean, unless they may end. */
  onDatagram(packet: Buffer, nowMs: number): boolean {
    const header = readHeader(packet)
    if (header === undefined || header.connection !== this.#connection.toString('hex')) return false
    if (header.type === packetType.refused) {
      this.#onRefused(readRefused(packet))
      return false
    }
    this.#refusals = 0
    if (header.type === packetType.cookie && packet.length === headerBytes + cookieBytes)
      return this.#takeCookie(packet.subarray(headerBytes))
    if (header.type !== packetType.welcome) return false
    this.session ??= acceptWelcome(this.#hello, packet, this.#own, this.#trust)
    this.rttMs = Math.max(0.01, nowMs - (this.#firstSaidAtMs ?? nowMs))
    return this.session !== undefined
  }

  poll(nowMs: number): Buffer[] {
    if (this.session !== undefined || nowMs < this.wakeAtMs) return []
    if (this.#saidAtMs > 0) this.#repeatMs = Math.min(longestRepeatMs, growth * this.#repeatMs)
    this.#saidAtMs = nowMs
    this.#firstSaidAtMs ??= nowMs
    return [this.#hello]
  }

  get wakeAtMs(): number {
    return this.#saidAtMs + this.#repeatMs
  }

  #takeCookie(cookie: Uint8Array): boolean {
    const hello = this.#helloWith(Buffer.from(cookie))
    // Another copy of the answer to the first HELLO.
    if (hello.equals(this.#hello)) return false
    this.#hello = hello
    this.#saidAtMs = Number.NEGATIVE_INFINITY
    this.#firstSaidAtMs = undefined
    this.#repeatMs = firstRepeatMs
    return true
  }

  #helloWith(cookie: Buffer): Buffer {
    const { cipher, sharedKey } = this.#trust
    return writeHello({ connection: this.#connection, cipher, publicKey: this.#own.publicKey, cookie }, sharedKey)
  }

  #onRefused(refusal: Refusal | undefined): void {
    if (refusal === undefined) return
    if (refusal === 'busy') {
      this.wasBusy = true
      this.#refusals = 0
      return
    }
    // A copy of one that was counted.
    if (this.#saidAtMs === Number.NEGATIVE_INFINITY) return
    this.#refusals += 1
    if (this.#refusals === believedRefusals) throw meaningOf(refusal)
    this.#saidAtMs = Number.NEGATIVE_INFINITY
  }
}

function meaningOf(refusal: Exclude<Refusal, 'busy'>): Failure {
  switch (refusal) {
    case 'key':
      return new Failure('permission', 'the receiver has another key', { hint: 'give both ends the same key file' })
    case 'cipher':
      return new Failure('permission', 'one end has a key and the other was started with --insecure', {
        hint: 'give both ends the same key file',
      })
    case 'version':
      return new Failure('protocol', 'the receiver speaks another version of the protocol', {
        hint: 'run the same version at both ends',
      })
  }
}
