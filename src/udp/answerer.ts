import { createHmac, timingSafeEqual } from 'node:crypto'
import { answerHello, type Ephemeral, type Trust } from './agreement.ts'
import { cookieBytes, type Hello, isHelloOf, type Refusal, readHello, writeCookie, writeRefused } from './hello.ts'
import { readHeader } from './packet-header.ts'
import { helloBytes, packetType, protocolVersion } from './protocol.ts'
import type { Session } from './session.ts'

// A cookie is good in the period it was made in, and in the next.
const cookiePeriodMs = 30_000
// Handshakes that were answered and have not gone on. More than the peers who can be calling at once.
const mostPending = 16

interface Pending {
  readonly hello: Buffer
  readonly welcome: Buffer
  readonly session: Session
}

/** The receiver's side of the handshake. It keeps nothing of a caller who has not shown a cookie and the shared key. */
export class Answerer {
  readonly #trust: Trust
  readonly #secret: Uint8Array
  readonly #createEphemeral: () => Ephemeral
  readonly #pending = new Map<string, Pending>()
  /** Callers that had a cookie and were refused, by reason. */
  readonly refused = { key: 0, cipher: 0, busy: 0, version: 0 }

  constructor(trust: Trust, secret: Uint8Array, createEphemeral: () => Ephemeral) {
    this.#trust = trust
    this.#secret = secret
    this.#createEphemeral = createEphemeral
  }

  /** The session that a packet says it belongs to, if that has been answered. */
  sessionOf(packet: Buffer): Session | undefined {
    const header = readHeader(packet)
    return header === undefined ? undefined : this.#pending.get(header.connection)?.session
  }

  /** What is sent back to `from`, never more than came from there. `current` is the connection that is served already. */
  answer(packet: Buffer, from: string, nowMs: number, current?: Session): Buffer | undefined {
    const header = readHeader(packet)
    if (header?.type !== packetType.hello || packet.length < helloBytes) return undefined
    if (header.version !== protocolVersion) return this.#refuse(packet.subarray(8, 16), 'version')
    const hello = readHello(packet)
    if (hello === undefined) return undefined
    if (!this.#isOwnCookie(hello, from, nowMs)) {
      return writeCookie(hello.connection, this.#cookieFor(hello, from, periodOf(nowMs)))
    }
    if (hello.cipher !== this.#trust.cipher && [hello.cipher, this.#trust.cipher].includes('none'))
      return this.#refuse(hello.connection, 'cipher')
    if (!isHelloOf(packet, this.#trust.sharedKey)) return this.#refuse(hello.connection, 'key')
    const isOther = current !== undefined && !current.connection.equals(hello.connection)
    return isOther ? this.#refuse(hello.connection, 'busy') : this.#welcome(packet, hello)
  }

  #welcome(packet: Buffer, hello: Hello): Buffer | undefined {
    const id = hello.connection.toString('hex')
    const known = this.#pending.get(id)
    // The same HELLO again: our answer was lost. Another one under the same id is nobody we know.
    if (known !== undefined) return known.hello.equals(packet) ? known.welcome : undefined
    const trust = { ...this.#trust, cipher: hello.cipher }
    const answered = answerHello(packet, hello.publicKey, this.#createEphemeral(), trust)
    if (answered === undefined) return undefined
    this.#pending.set(id, { hello: Buffer.from(packet), ...answered })
    const [oldest = ''] = this.#pending.keys()
    if (this.#pending.size > mostPending) this.#forget(oldest)
    return answered.welcome
  }

  /** Frees all sessions, also the one that was served. */
  free(): void {
    for (const id of this.#pending.keys()) this.#forget(id)
  }

  #forget(id: string): void {
    this.#pending.get(id)?.session.free()
    this.#pending.delete(id)
  }

  #refuse(connection: Uint8Array, reason: Refusal): Buffer {
    this.refused[reason] += 1
    return writeRefused(connection, reason)
  }

  #isOwnCookie(hello: Hello, from: string, nowMs: number): boolean {
    const period = periodOf(nowMs)
    return [period, period - 1].some((each) => timingSafeEqual(hello.cookie, this.#cookieFor(hello, from, each)))
  }

  #cookieFor({ connection, publicKey }: Hello, from: string, period: number): Buffer {
    const mac = createHmac('sha256', this.#secret).update(`${period} ${from} `).update(connection).update(publicKey)
    return mac.digest().subarray(0, cookieBytes)
  }
}

function periodOf(nowMs: number): number {
  return Math.floor(nowMs / cookiePeriodMs)
}
