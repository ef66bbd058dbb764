import { describe, expect, it } from 'vitest'
import { type Ack, readAck, writeAck } from '../../src/udp/ack.ts'
import { sealData, sealEmpty, sealTotal } from '../../src/udp/bodies.ts'
import { headerBytes } from '../../src/udp/packet-header.ts'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { packetType } from '../../src/udp/protocol.ts'
import { Receiver } from '../../src/udp/receiver.ts'
import { Sender } from '../../src/udp/sender.ts'
import type { Session } from '../../src/udp/session.ts'
import { packetsOf } from '../../src/udp/train.ts'
import { filled, sessions } from './pair.ts'

const options = {
  packetBytes: 1232,
  peerWindowBytes: 1 << 20,
  rttMs: 1,
  ceiling: Number.POSITIVE_INFINITY,
}
const total = { segments: 2, bytes: 1300, digest: '0123456789abcdef' }

/** A sender with 100 KB of a stream in its window, and the receiver's side of its session. */
function sending() {
  const { sender: own, receiver: peer } = sessions()
  const sender = new Sender(own, { ...options, memory: new PacketMemory(1 << 20) }, 0)
  const space = sender.window.space(100_000)
  sender.window.wrote(space.length)
  return { sender, peer }
}

function sealAck(session: Session, ack: Partial<Ack>): Buffer {
  const none = { cumulative: 0, limit: 0, largest: 0, delayMs: 0, clockMs: 0, deliveredBytes: 0, covered: 0 }
  const packet = session.allocate(1000)
  const end = writeAck(packet, headerBytes, headerBytes + 1000, { ...none, isComplete: true, missing: [], ...ack })
  return session.seal(packetType.ack, packet.subarray(0, end + session.tagBytes))
}

describe('a sender', () => {
  it.each([
    ['of segments that were never sent', { cumulative: 1000, covered: 1000 }],
    ['that covers what was never sent', { covered: 1000 }],
    ['of a packet that was never sent', { largest: 100_000 }],
  ])('does not believe an ACK %s', (_, ack) => {
    const { sender, peer } = sending()
    const sent = sender.poll(1).flatMap((train) => [...packetsOf(train)]).length
    expect(sent).toBeGreaterThan(10)
    sender.onDatagram(sealAck(peer, ack), 2)
    expect(sender.window).toMatchObject({ base: 0, inFlight: sent })
  })

  it('is done by no FIN but that of its own total, and by none before its end', () => {
    const { sender, peer } = sending()
    sender.onDatagram(sealTotal(peer, 'fin', total), 1)
    expect(sender.isDone).toBe(false)
    sender.end('0123456789abcdef')
    sender.onDatagram(sealTotal(peer, 'fin', total), 2)
    sender.onDatagram(sealTotal(peer, 'fin', { segments: 84, bytes: 100_000, digest: 'f'.repeat(16) }), 3)
    expect(sender.isDone).toBe(false)
    sender.onDatagram(sealTotal(peer, 'fin', { segments: 84, bytes: 100_000, digest: '0123456789abcdef' }), 4)
    expect(sender.isDone).toBe(true)
  })

  it('takes nothing that only a sender sends, though it is sealed well', () => {
    const { sender, peer } = sending()
    for (const packet of [
      sealEmpty(peer, 'bye'),
      sealTotal(peer, 'end', total),
      sealData(peer, 0, 600, filled(600, 1)),
    ])
      expect(sender.onDatagram(packet, 1)).toBe('newest')
    expect(sender).toMatchObject({ isDone: false, closed: undefined })
  })
})

describe('a receiver', () => {
  const started = () => {
    const { sender: peer, receiver: own } = sessions()
    return { peer, receiver: new Receiver(own, new PacketMemory(1 << 20), 0) }
  }

  it('is complete only when every segment of END is there', () => {
    const { peer, receiver } = started()
    receiver.onDatagram(sealTotal(peer, 'end', total), 1)
    expect(receiver.isComplete).toBe(false)
    receiver.onDatagram(sealData(peer, 1, 1000, filled(300, 1)), 2)
    expect(receiver.isComplete).toBe(false)
    receiver.onDatagram(sealData(peer, 0, 1000, filled(1000, 1)), 3)
    expect(receiver.isComplete).toBe(true)
  })

  it.each([
    ['a second END that says something else', [(peer: Session) => sealTotal(peer, 'end', { ...total, bytes: 5 })]],
    ['another segment length', [(peer: Session) => sealData(peer, 3, 999, filled(999, 1))]],
    [
      'a segment behind the last',
      [
        (peer: Session) => sealData(peer, 2, 1000, filled(5, 1)),
        (peer: Session) => sealData(peer, 3, 1000, filled(1000, 1)),
      ],
    ],
    [
      'a short segment before others',
      [
        (peer: Session) => sealData(peer, 5, 1000, filled(1000, 1)),
        (peer: Session) => sealData(peer, 2, 1000, filled(5, 1)),
      ],
    ],
    ['segments that are tiny', [(peer: Session) => sealData(peer, 2, 8, filled(8, 1))]],
  ])('ends with 76 after %s', (_, packets) => {
    const { peer, receiver } = started()
    receiver.onDatagram(sealTotal(peer, 'end', total), 1)
    receiver.onDatagram(sealData(peer, 0, 1000, filled(1000, 1)), 1)
    expect(() => {
      for (const make of packets) receiver.onDatagram(make(peer), 2)
    }).toThrowError(expect.objectContaining({ kind: 'protocol' }))
  })

  it('takes every packet of a train, the last though it is shorter', () => {
    const { peer, receiver } = started()
    const packets = [1000, 1000, 300].map((bytes, index) => sealData(peer, index, 1000, filled(bytes, index)))
    const packetBytes = packets[0]!.length
    expect(receiver.onTrain({ bytes: Buffer.concat(packets), packetBytes }, 1)).toBe('newest')
    expect(receiver.onTrain({ bytes: Buffer.concat(packets), packetBytes }, 2)).toBe(false)
    receiver.onDatagram(sealTotal(peer, 'end', { ...total, segments: 3, bytes: 2300 }), 3)
    expect(receiver.isComplete).toBe(true)
    expect(receiver.take(5000)).toEqual(Buffer.concat([filled(1000, 0), filled(1000, 1), filled(300, 2)]))
  })

  it('keeps no segment beyond its window', () => {
    const { peer, receiver } = started()
    receiver.onDatagram(sealData(peer, 0, 1000, filled(1000, 1)), 1)
    receiver.onDatagram(sealData(peer, 5_000_000, 1000, filled(1000, 1)), 1)
    const [ack] = receiver.poll(10).map((packet) => readAck(peer.open(packet)!.body))
    expect(ack).toMatchObject({ cumulative: 1, covered: 1, limit: 1048, missing: [] })
  })
})

describe('an ACK', () => {
  it('says the same after it was written and read', () => {
    const ack = {
      cumulative: 2 ** 40,
      limit: 2 ** 41,
      largest: 2 ** 47,
      delayMs: 1.5,
      clockMs: 123.456,
      deliveredBytes: 2 ** 46,
      covered: 2 ** 40 + 900,
    }
    const missing = [
      [2 ** 40, 2 ** 40 + 1],
      [2 ** 40 + 5, 2 ** 40 + 500],
    ] as const
    const body = Buffer.alloc(200)
    const whole = { ...ack, isComplete: true, missing }
    expect(readAck(body.subarray(0, writeAck(body, 0, 200, whole)))).toEqual(whole)
  })

  it('tells of as much as there is room for, and says so', () => {
    const missing = Array.from({ length: 500 }, (_, index) => [index * 1000, index * 1000 + 200] as const)
    const body = Buffer.alloc(300)
    const end = writeAck(body, 0, 300, {
      cumulative: 0,
      limit: 1,
      largest: 1,
      delayMs: 0,
      clockMs: 0,
      deliveredBytes: 0,
      covered: 500_000,
      isComplete: true,
      missing,
    })
    const read = readAck(body.subarray(0, end))!
    expect(read.isComplete).toBe(false)
    expect(read.missing.length).toBeGreaterThan(50)
    expect(read.missing).toEqual(missing.slice(0, read.missing.length))
    expect(read.covered).toBe(read.missing.at(-1)![1])
  })
})
