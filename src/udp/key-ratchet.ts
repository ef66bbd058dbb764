import { hkdfSync } from 'node:crypto'
import { createAead, type PacketCipher } from './packet-cipher.ts'
import { type CipherName, packetsPerKey } from './protocol.ts'

/**
 * The keys of one direction, one after the other. Each secret gives a key, an iv and the next secret; a secret that has
 * been used is forgotten, so that whoever takes one later cannot read what went before.
 */
export class KeyRatchet {
  readonly #cipher: Exclude<CipherName, 'none'>
  readonly #ciphers = new Map<number, PacketCipher>()
  #secret: Buffer
  #derived = -1
  #proven = 0

  constructor(secret: Buffer, cipher: Exclude<CipherName, 'none'>) {
    this.#secret = secret
    this.#cipher = cipher
  }

  /** Undefined for a key long gone, or further on than the one after the last that was proven. */
  cipherFor(number: number): PacketCipher | undefined {
    const epoch = Math.floor(number / packetsPerKey)
    if (epoch > this.#proven + 1) return undefined
    while (this.#derived < epoch) this.#derive()
    return this.#ciphers.get(epoch)
  }

  /** A packet of this number was sealed or opened: keys before the one before it are forgotten. */
  prove(number: number): void {
    const epoch = Math.floor(number / packetsPerKey)
    if (epoch <= this.#proven) return
    this.#proven = epoch
    for (const [old, cipher] of this.#ciphers) {
      if (old >= epoch - 1) continue
      cipher.free()
      this.#ciphers.delete(old)
    }
  }

  /** After the last packet: wipes what is left of the keys, and opens and seals nothing more. */
  free(): void {
    for (const cipher of this.#ciphers.values()) cipher.free()
    this.#ciphers.clear()
    this.#derived = Number.POSITIVE_INFINITY
  }

  #derive(): void {
    this.#derived += 1
    const key = expand(this.#secret, 'zudp key', 32)
    const iv = expand(this.#secret, 'zudp iv', 12)
    this.#ciphers.set(this.#derived, createAead(this.#cipher, key, iv))
    this.#secret = expand(this.#secret, 'zudp next', 32)
  }
}

/** HKDF with SHA-256 and no salt. */
export function expand(secret: Uint8Array, label: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), label, bytes))
}
