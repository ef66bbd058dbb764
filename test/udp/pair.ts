import { createXxh64 } from '../../src/stream/xxh64.ts'
import { acceptWelcome, answerHello, ephemeralOf, type Trust } from '../../src/udp/agreement.ts'
import { readHello, writeHello } from '../../src/udp/hello.ts'
import type { CipherName } from '../../src/udp/protocol.ts'
import type { Session } from '../../src/udp/session.ts'

const xxh64 = await createXxh64()

export function trustOf(cipher: CipherName = 'aes-256-gcm', key = 7): Trust {
  return { cipher, sharedKey: Buffer.alloc(32, cipher === 'none' ? 0 : key), xxh64 }
}

/** Bytes that are told from one number: no test draws anything. */
export function filled(bytes: number, first: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => (first + 7 * index) & 255))
}

/** Two sessions that have shaken hands, with everything that they drew given. */
export function sessions(
  cipher: CipherName = 'aes-256-gcm',
  seed = 1,
): { sender: Session; receiver: Session; hello: Buffer; welcome: Buffer } {
  const trust = trustOf(cipher)
  const [own, other] = [ephemeralOf(filled(32, seed)), ephemeralOf(filled(32, seed + 100))]
  const greeting = { connection: filled(8, seed), cipher, publicKey: own.publicKey, cookie: filled(16, seed + 50) }
  const hello = writeHello(greeting, trust.sharedKey)
  const answered = answerHello(hello, readHello(hello)!.publicKey, other, trust)!
  const sender = acceptWelcome(hello, answered.welcome, own, trust)!
  return { sender, receiver: answered.session, hello, welcome: answered.welcome }
}
