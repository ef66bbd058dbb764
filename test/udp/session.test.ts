import { describe, expect, it } from 'vitest'
import { readData, sealData, sealEmpty } from '../../src/udp/bodies.ts'
import { KeyRatchet } from '../../src/udp/key-ratchet.ts'
import { headerBytes } from '../../src/udp/packet-header.ts'
import { packetsPerKey, packetType } from '../../src/udp/protocol.ts'
import { ReplayWindow } from '../../src/udp/replay-window.ts'
import { filled, sessions } from './pair.ts'

const ciphers = ['none', 'aes-256-gcm', 'chacha20-poly1305'] as const

describe.each(ciphers)('packets under %s', (cipher) => {
  it('come out as they went in', () => {
    const { sender, receiver } = sessions(cipher)
    for (let segment = 0; segment < 20; segment++) {
      const opened = receiver.open(sealData(sender, segment, 1400, filled(1400, segment)))
      expect(opened).toMatchObject({ type: packetType.data, number: segment, isNewest: true })
      expect(readData(opened!.body)).toEqual({ segment, segmentBytes: 1400, payload: filled(1400, segment) })
    }
  })

  it('are refused with any one bit changed', () => {
    const { sender, receiver } = sessions(cipher)
    const packet = sealData(sender, 5, 600, filled(90, 1))
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const changed = Buffer.from(packet)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(receiver.open(changed), `bit ${bit}`).toBeUndefined()
    }
    expect(receiver.open(packet)).toBeDefined()
  })

  it('are refused at any other length', () => {
    const { sender, receiver } = sessions(cipher)
    const packet = sealData(sender, 5, 600, filled(90, 1))
    for (let length = 0; length < packet.length; length++)
      expect(receiver.open(Buffer.from(packet.subarray(0, length)))).toBeUndefined()
    expect(receiver.open(Buffer.concat([packet, Buffer.alloc(1)]))).toBeUndefined()
  })

  it('are refused the second time, by who sent them, and in another connection', () => {
    const { sender, receiver } = sessions(cipher)
    const other = sessions(cipher, 9)
    const packet = sealEmpty(sender, 'ping')
    expect(sender.open(Buffer.from(packet))).toBeUndefined()
    expect(other.receiver.open(Buffer.from(packet))).toBeUndefined()
    expect(receiver.open(Buffer.from(packet))).toBeDefined()
    expect(receiver.open(Buffer.from(packet))).toBeUndefined()
  })

  it('are refused under the id of another connection', () => {
    const [one, other] = [sessions(cipher), sessions(cipher, 9)]
    const spliced = sealEmpty(one.sender, 'ping')
    spliced.set(other.sender.connection, 8)
    expect(other.receiver.open(spliced)).toBeUndefined()
  })
})

it('a session that is over opens nothing, and seals nothing without a key', () => {
  const { sender, receiver } = sessions()
  const packet = sealEmpty(sender, 'ping')
  for (const each of [sender, receiver]) each.free()
  expect(receiver.open(packet)).toBeUndefined()
  expect(() => sealEmpty(sender, 'ping')).toThrow('without encryption')
})

describe('encryption', () => {
  it('hides the same bytes under other ones each time', () => {
    const { sender } = sessions()
    const bodies = [1, 2, 3].map(() => sealData(sender, 1, 600, Buffer.alloc(600)).toString('hex', headerBytes))
    expect(new Set(bodies).size).toBe(3)
  })
})

describe('KeyRatchet', () => {
  const secret = () => filled(32, 3)
  const packet = () => Buffer.alloc(64)

  it('changes keys, and takes the one before and the next', () => {
    const [out, back] = [new KeyRatchet(secret(), 'aes-256-gcm'), new KeyRatchet(secret(), 'aes-256-gcm')]
    const sealed = [0, packetsPerKey, 2 * packetsPerKey].map((number) => {
      const bytes = packet()
      out.cipherFor(number)!.seal(bytes, number)
      out.prove(number)
      return { number, bytes }
    })
    const open = ({ number, bytes }: (typeof sealed)[number]) =>
      back.cipherFor(number)?.open(Buffer.from(bytes), number)
    expect(new Set(sealed.map(({ bytes }) => bytes.toString('hex'))).size).toBe(3)
    expect(open(sealed[2]!)).toBeUndefined()
    expect(open(sealed[1]!)).toBeDefined()
    back.prove(packetsPerKey)
    expect(open(sealed[0]!)).toBeDefined()
    expect(open(sealed[2]!)).toBeDefined()
    back.prove(2 * packetsPerKey)
    expect(open(sealed[0]!)).toBeUndefined()
  })

  it('does not go on for a number that nobody has sent yet', () => {
    const ratchet = new KeyRatchet(secret(), 'aes-256-gcm')
    expect(ratchet.cipherFor(2 ** 47)).toBeUndefined()
    expect(ratchet.cipherFor(0)).toBeDefined()
  })
})

describe('ReplayWindow', () => {
  it('takes each number once, in any order, if it is not too old', () => {
    const window = new ReplayWindow()
    for (const number of [5, 3, 4, 70_000, 69_999, 4465]) {
      expect(window.isFresh(number), String(number)).toBe(true)
      window.mark(number)
      expect(window.isFresh(number), String(number)).toBe(false)
    }
    expect(window.isFresh(4464)).toBe(false)
    expect(window.isFresh(2 ** 40)).toBe(true)
    window.mark(2 ** 40)
    expect(window.isFresh(70_000)).toBe(false)
    expect(window.isFresh(2 ** 40 - 65_535)).toBe(true)
  })
})
