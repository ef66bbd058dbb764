import { describe, expect, it } from 'vitest'
import { createXxh64 } from '../../src/stream/xxh64.ts'
import { createEvp } from '../../src/udp/evp.ts'
import { createAead, createChecksum, type PacketCipher } from '../../src/udp/packet-cipher.ts'
import { headerBytes, writeHeader } from '../../src/udp/packet-header.ts'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { packetType } from '../../src/udp/protocol.ts'
import { systemCalls } from '../../src/udp/system-calls.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { filled } from './pair.ts'

const xxh64 = await createXxh64()
const memory = new PacketMemory(1 << 20)
const at = memory.outAt + 1000
const numbers = [0, 1, 2 ** 22, 2 ** 32 - 1, 2 ** 32, 2 ** 47 + 5]
const lengths = [0, 1, 7, 8, 15, 16, 31, 32, 33, 1400, 8900]

const ciphers: [string, () => PacketCipher][] = [
  ['aes-256-gcm', () => createAead('aes-256-gcm', filled(32, 1), filled(12, 9))],
  ['chacha20-poly1305', () => createAead('chacha20-poly1305', filled(32, 2), filled(12, 8))],
  ['a checksum', () => createChecksum(xxh64, 1)],
]

describe.each(ciphers)('%s in a memory', (_, create) => {
  it('seals as it does elsewhere, and opens what was sealed there', () => {
    const cipher = create()
    for (const number of numbers)
      for (const length of lengths) {
        const packet = Buffer.alloc(headerBytes + length + cipher.tagBytes, 3)
        packet.set(filled(headerBytes + length, number & 255))
        const plain = Buffer.from(packet)
        memory.bytes.set(packet, at)
        cipher.seal(packet, number)
        cipher.sealIn(memory, at, packet.length, number)
        expect(memory.bytes.subarray(at, at + packet.length).equals(packet)).toBe(true)
        expect(cipher.openIn(memory, at, packet.length, number)).toBe(true)
        const end = headerBytes + length
        expect(memory.bytes.subarray(at, at + end).equals(plain.subarray(0, end))).toBe(true)
      }
    cipher.free()
  })

  it('opens nothing in which a bit has changed, or that is short', () => {
    const cipher = create()
    const packet = Buffer.concat([filled(headerBytes + 50, 4), Buffer.alloc(cipher.tagBytes)])
    cipher.seal(packet, 7)
    for (let bit = 0; bit < 8 * packet.length; bit++) {
      memory.bytes.set(packet, at)
      memory.bytes[at + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(cipher.openIn(memory, at, packet.length, 7)).toBe(false)
    }
    for (let length = 0; length < packet.length; length++) {
      memory.bytes.set(packet, at)
      expect(cipher.openIn(memory, at, length, 7)).toBe(false)
    }
    memory.bytes.set(packet, at)
    expect(cipher.openIn(memory, at, packet.length, 7)).toBe(true)
  })
})

it('is sealed by OpenSSL itself where system calls are', () => {
  const evp = createEvp('aes-256-gcm', filled(32, 1), memory, 'seal')
  expect(evp !== undefined).toBe(systemCalls() !== undefined)
  evp?.free()
})

it('makes the DATA packet that zudp(7) draws', () => {
  const payload = filled(700, 5)
  memory.setConnection(filled(8, 3))
  memory.bytes.set(payload, memory.ringAt)
  memory.putData(at, 2 ** 40 + 3, 2 ** 33 + 1, 1400, memory.ringAt, payload.length)
  const head = Buffer.alloc(headerBytes + 8)
  writeHeader(head, packetType.data, 2 ** 40 + 3, filled(8, 3))
  head.writeUIntBE(2 ** 33 + 1, headerBytes, 6)
  head.writeUInt16BE(1400, headerBytes + 6)
  expect(memory.bytes.subarray(at, at + head.length + 700).equals(Buffer.concat([head, payload]))).toBe(true)
})

it('has the XXH64 of a stream, in whatever pieces it comes', () => {
  const random = new SeededRandom(3)
  for (const length of [...lengths, 100_000]) {
    const content = Buffer.from(random.bytes(length))
    memory.bytes.set(content, memory.ringAt)
    const digest = memory.beginDigest()
    for (let next = 0; next < length; ) {
      const piece = Math.min(length - next, 1 + random.below(70))
      digest.update(memory.bytes.subarray(memory.ringAt + next, memory.ringAt + next + piece))
      next += piece
    }
    expect(digest.hex()).toBe(Buffer.from(xxh64(content)).toString('hex'))
  }
})
