import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { readAck } from '../../src/udp/ack.ts'
import { ephemeralOf } from '../../src/udp/agreement.ts'
import { Answerer } from '../../src/udp/answerer.ts'
import {
  readClose,
  readData,
  readProbe,
  readProbed,
  readTotal,
  sealData,
  sealEmpty,
  sealTotal,
} from '../../src/udp/bodies.ts'
import { Caller } from '../../src/udp/caller.ts'
import { readHello, readRefused } from '../../src/udp/hello.ts'
import { headerBytes, readHeader } from '../../src/udp/packet-header.ts'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { FrameWriter, packetOf } from '../../src/udp/raw/frame.ts'
import { Receiver } from '../../src/udp/receiver.ts'
import { Sender } from '../../src/udp/sender.ts'
import type { Session } from '../../src/udp/session.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { filled, sessions, trustOf } from '../udp/pair.ts'

// Five seconds in an ordinary run; ZUDP_FUZZ_CASES=1000000 for a long one.
const asked = process.env['ZUDP_FUZZ_CASES']
const cases = Number(asked ?? 100_000)
// However slow the machine is.
const leastCases = asked === undefined ? 1000 : cases
const random = new SeededRandom(Number(process.env['ZUDP_FUZZ_SEED'] ?? 4))

const framePayload = filled(60, 7)
/** Of IPv4 and of IPv6. */
const frames = [4, 16].map((ipBytes) => {
  const [sourceMac, sourceIp] = [filled(6, 1), filled(ipBytes, 2)]
  const ends = { sourceMac, destinationMac: sourceMac, sourceIp, destinationIp: sourceIp }
  return new FrameWriter({ ...ends, sourcePort: 1336, destinationPort: 1337 }).frame(framePayload)
})

/** Bytes like those of packets: small numbers and extremes where fields are. */
function bytes(length: number): Buffer {
  const made = Buffer.from(random.bytes(length))
  for (let count = random.below(6); count > 0 && length > 0; count--) {
    const at = random.below(length)
    made.fill([0, 1, 0x7f, 0x80, 0xff][random.below(5)]!, at, Math.min(length, at + 1 + random.below(8)))
  }
  return made
}

function changed(packet: Buffer): Buffer {
  const copy = Buffer.from(packet)
  copy[random.below(copy.length)] = random.below(256)
  return random.below(3) === 0 ? copy.subarray(0, random.below(copy.length + 1)) : copy
}

function run(one: () => void): void {
  const untilMs = performance.now() + 5000
  for (let done = 0; done < leastCases || (done < cases && performance.now() < untilMs); done++) one()
}

describe('whatever bytes come', { timeout: 3_600_000 }, () => {
  it('the parsers of bodies give what they mean, or undefined', () =>
    run(() => {
      const body = bytes(random.below(120))
      const ack = readAck(body)
      if (ack !== undefined) {
        let told = ack.cumulative
        for (const [from, to] of ack.missing) {
          expect(from >= told && to > from).toBe(true)
          told = to
        }
        expect(ack.covered).toBeGreaterThanOrEqual(told)
      }
      const data = readData(body)
      if (data !== undefined) expect(data.payload.length).toBeLessThanOrEqual(data.segmentBytes)
      for (const read of [readTotal, readProbe, readProbed, readClose, readHello, readRefused, readHeader]) read(body)
    }))

  it('a frame gives no more than was put into it', () =>
    run(() => {
      const framed = packetOf(changed(frames[random.below(2)]!), 1337)
      if (framed !== undefined) expect(framed.packet.length).toBeLessThanOrEqual(framePayload.length)
    }))

  it('without the keys no end of a connection takes any of it', () => {
    const pair = sessions('chacha20-poly1305')
    const sender = new Sender(
      pair.sender,
      { packetBytes: 1232, memory: new PacketMemory(1 << 16), peerWindowBytes: 1 << 16, rttMs: 1, ceiling: 1 },
      0,
    )
    const receiver = new Receiver(pair.receiver, new PacketMemory(1 << 16), 0)
    const models = [
      sealEmpty(pair.sender, 'ping'),
      sealData(pair.sender, 1, 600, filled(100, 1)),
      sealEmpty(pair.receiver, 'bye'),
    ]
    run(() => {
      const model = models[random.below(3)]!
      const forged =
        random.below(2) === 0
          ? Buffer.concat([model.subarray(0, headerBytes), bytes(random.below(100))])
          : changed(model)
      if (models.some((each) => each.equals(forged))) return
      expect(sender.onDatagram(Buffer.from(forged), 1)).toBe(false)
      expect(receiver.onDatagram(forged, 1)).toBe(false)
    })
  })

  it('the handshake answers nothing that is longer, and is never met', () => {
    const answerer = new Answerer(trustOf(), filled(32, 1), () => ephemeralOf(filled(32, 2)))
    const caller = new Caller(filled(8, 1), ephemeralOf(filled(32, 3)), trustOf())
    const [hello] = caller.poll(0)
    run(() => {
      const packet =
        random.below(4) === 0 ? changed(hello!) : Buffer.concat([hello!.subarray(0, 16), bytes(random.below(100))])
      packet.fill(1 + random.below(5), 0, Math.min(1, packet.length))
      const answer = answerer.answer(packet, 'a', random.below(100_000))
      if (answer !== undefined) expect(answer.length).toBeLessThan(packet.length)
      try {
        caller.onDatagram(packet, 1)
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
      }
      expect(caller.session).toBeUndefined()
    })
  })

  it('a peer with the keys, but out of its mind, is a Failure at worst', () => {
    const memory = new PacketMemory(1 << 14)
    run(() => {
      const pair = sessions('none', 1 + random.below(3))
      const receiver = new Receiver(pair.receiver, memory, 0)
      try {
        for (let count = 0; count < 8; count++) {
          receiver.onDatagram(strange(pair.sender), count)
          const piece = receiver.take(4096)
          if (piece !== undefined && random.below(2) === 0) receiver.release(piece.length, count)
          receiver.poll(count + 5)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
      }
    })
  })
})

/** Packets that no sender sends in this order. */
function strange(session: Session): Buffer {
  const size = random.below(8) === 0 ? 600 : 512
  switch (random.below(6)) {
    case 0:
      return sealTotal(session, 'end', { segments: random.below(9), bytes: random.below(5000), digest: '0'.repeat(16) })
    case 1:
      return sealEmpty(session, 'ping')
    case 2:
      return sealEmpty(session, 'bye')
    default:
      return sealData(session, random.below(40), size, filled(1 + random.below(size), 1))
  }
}
