import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseIp, parseMac } from '../../../src/udp/raw/addresses.ts'
import { type Endpoints, FrameWriter, packetOf } from '../../../src/udp/raw/frame.ts'
import { filled } from '../pair.ts'

const macs = { sourceMac: parseMac('46:dc:e7:58:d0:a2'), destinationMac: parseMac('E2-FF-48-6E-A9-FE') }
const ports = { sourcePort: 40_000, destinationPort: 1337 }
const v4: Endpoints = { ...macs, ...ports, sourceIp: parseIp('192.168.1.1'), destinationIp: parseIp('192.168.1.2') }
const v6: Endpoints = { ...macs, ...ports, sourceIp: parseIp('2001:db8::1'), destinationIp: parseIp('fe80::ff:2') }

/** By the definition of RFC 1071: with its checksum in place, the sum of all words is all ones. */
function isRight(bytes: Buffer): boolean {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
  let sum = 0
  for (let at = 0; at < even.length; at += 2) {
    sum += even.readUInt16BE(at)
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum === 0xffff
}

describe.each([
  ['IPv4', v4, 20],
  ['IPv6', v6, 40],
] as const)('a frame of %s', (name, endpoints, ipBytes) => {
  it('has right lengths and checksums, whatever is in it', () => {
    const writer = new FrameWriter(endpoints)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (packet) => {
        const frame = writer.frame(packet)
        const [ip, udp] = [frame.subarray(14, 14 + ipBytes), frame.subarray(14 + ipBytes)]
        expect(frame.length).toBe(writer.headBytes + packet.length)
        expect(ip.readUInt16BE(name === 'IPv4' ? 2 : 4)).toBe(name === 'IPv4' ? frame.length - 14 : udp.length)
        if (name === 'IPv4') expect(isRight(ip)).toBe(true)
        expect(udp.readUInt16BE(4)).toBe(udp.length)
        expect(udp.readUInt16BE(6)).not.toBe(0)
        const pseudo = Buffer.alloc(4, 0)
        pseudo.writeUInt16BE(udp.length, 2)
        const addresses = ip.subarray(-ipBytes + (name === 'IPv4' ? 12 : 8))
        expect(isRight(Buffer.concat([addresses, Buffer.of(0, 17), pseudo.subarray(2), udp]))).toBe(true)
        expect(packetOf(frame, 1337)?.packet.equals(packet)).toBe(true)
      }),
    )
  })

  it('is for one port, and whole', () => {
    const frame = new FrameWriter(endpoints).frame(filled(100, 1))
    expect(packetOf(frame, 1338)).toBeUndefined()
    for (let length = 0; length < frame.length; length++)
      expect(packetOf(frame.subarray(0, length), 1337)).toBeUndefined()
    // A short frame is padded on its way.
    expect(packetOf(Buffer.concat([frame, Buffer.alloc(9)]), 1337)?.packet.length).toBe(100)
  })
})

test('frames are these bytes', () => {
  const hex = (endpoints: Endpoints) => new FrameWriter(endpoints).frame(Buffer.from('hello')).toString('hex')
  expect(hex(v4)).toBe(
    ['e2ff486ea9fe46dce758d0a20800', '45000021000040004011b778c0a80101c0a80102', '9c400539000d9734', '68656c6c6f'].join(
      '',
    ),
  )
  expect(packetOf(Buffer.from(hex(v6), 'hex'), 1337)?.from).toBe('2001:0db8:0000:0000:0000:0000:0000:0001')
})

test('each frame of IPv4 has its own identification', () => {
  const writer = new FrameWriter(v4)
  const ids = Array.from({ length: 65_537 }, () => writer.frame(Buffer.alloc(0)).readUInt16BE(18))
  expect([ids[0], ids[1], ids[65_535], ids[65_536]]).toEqual([0, 1, 65_535, 0])
})

test('fragments, other versions and other protocols are not for us', () => {
  const changes = [
    [14, 0x65],
    [14, 0x44],
    [20, 0x20],
    [21, 1],
    [23, 6],
    [12, 0x81],
  ] as const
  for (const [at, byte] of changes) {
    const frame = new FrameWriter(v4).frame(filled(100, 1))
    frame[at] = byte
    expect(packetOf(frame, 1337)).toBeUndefined()
  }
})

test('whatever bytes come, there is no way out of the frame', () => {
  const heads = [v4, v6].map((endpoints) => new FrameWriter(endpoints).frame(Buffer.alloc(0)))
  const head = fc.constantFrom(...heads)
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 90 }), fc.nat(60), fc.nat(255), (start, rest, at, byte) => {
      const frame = Buffer.concat([start, rest])
      frame[at] = byte
      const found = packetOf(frame, 1337)
      if (found !== undefined) expect(frame.includes(found.packet)).toBe(true)
    }),
    { numRuns: 20_000 },
  )
})

test.each(['46:dc:e7:58:d0', '46:dc:e7:58:d0:a2:1', 'g6:dc:e7:58:d0:a2', ''])('%j is no MAC address', (text) =>
  expect(() => parseMac(text)).toThrow(expect.objectContaining({ kind: 'usage' })),
)

test.each(['192.168.1', 'fe80::1%eth0', 'host', ''])('%j is no IP address', (text) =>
  expect(() => parseIp(text)).toThrow(expect.objectContaining({ kind: 'usage' })),
)
