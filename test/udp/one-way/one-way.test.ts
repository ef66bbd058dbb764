import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import {
  type Interleaving,
  leastWindowBytes,
  overtakingSegments,
  placeOfRepair,
  placeOfSegment,
  segmentsOfGroup,
} from '../../../src/udp/one-way/interleaving.ts'
import { LostRanges } from '../../../src/udp/one-way/lost-ranges.ts'
import type { Slot } from '../../../src/udp/one-way/packet-maker.ts'
import { readStart, writeStart } from '../../../src/udp/one-way/start-packet.ts'
import { packetType } from '../../../src/udp/protocol.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { trustOf } from '../pair.ts'
import { receive, receiverFor, type Sent, type Shape, send } from './one-way-pair.ts'

const shape: Shape = { code: { data: 4, repair: 2 }, depth: 3 }
const random = new SeededRandom(2)
const content = Buffer.from(random.bytes(700_000))

const whole = (sent: Sent, slots: readonly Slot[] = sent.slots) => [sent.start, ...slots, sent.last]

describe('a stream of', () => {
  it.each([0, 1, 225, 226, 227, 226 * 3, 226 * 11, 226 * 12, 226 * 12 + 1, 226 * 13, 50_000])(
    '%d bytes arrives',
    async (bytes) => {
      const sent = await send(content.subarray(0, bytes), shape)
      const got = receive(whole(sent), receiverFor(sent))
      expect(got.bytes.equals(content.subarray(0, bytes))).toBe(true)
      expect(got.receiver.window).toMatchObject({ isDone: true, isSettled: true })
      expect(got.receiver.window!.counts).toEqual({ refused: 0, repaired: 0 })
    },
  )

  it.each(['aes-256-gcm', 'chacha20-poly1305'] as const)(
    'bytes under %s arrives, and is not to be seen',
    async (cipher) => {
      const sent = await send(content.subarray(0, 9000), { ...shape, cipher })
      expect(sent.slots.some((slot) => slot?.includes(content.subarray(226, 240)))).toBe(false)
      const got = receive(whole(sent), receiverFor(sent, { cipher }))
      expect(got.bytes.equals(content.subarray(0, 9000))).toBe(true)
    },
  )
})

it('all packets have one length', async () => {
  const sent = await send(content.subarray(0, 7000), shape)
  const lengths = whole(sent).flatMap((slot) => (slot === undefined ? [] : [slot.length]))
  expect(new Set(lengths)).toEqual(new Set([256]))
})

describe('what is lost', () => {
  it('in a burst as long as depth times repair is given back, wherever it is', async () => {
    for (const bytes of [226 * 40, 226 * 38 + 100, 226 * 25, 226 * 2]) {
      const sent = await send(content.subarray(0, bytes), shape)
      for (let from = 0; from < sent.slots.length; from++) {
        const slots = sent.slots.map((slot, at) => (at >= from && at < from + 6 ? undefined : slot))
        const got = receive(whole(sent, slots), receiverFor(sent))
        expect({ from, isEqual: got.bytes.equals(content.subarray(0, bytes)) }).toEqual({ from, isEqual: true })
      }
    }
  })

  it('of a block beyond its repair shards is lost, and nothing else', () => {
    const shapes = fc.record({
      code: fc.record({ data: fc.integer({ min: 1, max: 12 }), repair: fc.integer({ min: 1, max: 4 }) }),
      depth: fc.integer({ min: 1, max: 9 }),
    })
    const bytes = fc.integer({ min: 1, max: 60_000 })
    const share = fc.constantFrom(0.02, 0.1, 0.3, 0.7)
    return fc.assert(
      fc.asyncProperty(shapes, bytes, share, fc.integer(), async (one, length, loss, seed) => {
        const draw = new SeededRandom(seed)
        const sent = await send(content.subarray(0, length), one)
        const slots = sent.slots.map((slot) => (draw.below(1000) < loss * 1000 ? undefined : slot))
        const got = receive(whole(sent, slots), receiverFor(sent), { every: 1 + draw.below(5) })
        expect(got.lost).toEqual(lostBy(sent, slots, length))
        expect(got.bytes.length).toBe(length)
        expectKept(got.bytes, got.lost, length)
      }),
      { numRuns: 120 },
    )
  })

  it('in a long outage is told, and what follows arrives', async () => {
    const sent = await send(content, { ...shape, code: { data: 20, repair: 2 } })
    const slots = sent.slots.map((slot, at) => (at > 30 && at < 2400 ? undefined : slot))
    const got = receive(whole(sent, slots), receiverFor(sent))
    expect(got.lost).toHaveLength(1)
    expectKept(got.bytes, got.lost, content.length)
    expect(got.bytes.length).toBe(content.length)
  })
})

describe('packets that', () => {
  it('come in another order, or twice, do no harm', () => {
    return fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const draw = new SeededRandom(seed)
        const sent = await send(content.subarray(0, 40_000), shape)
        const late = Math.floor(overtakingSegments(sent.interleaving) / 2)
        const slots = sent.slots.flatMap((slot, at) => {
          const copies = 1 + draw.below(2)
          return Array.from({ length: copies }, () => ({ slot, at: at + draw.below(late) }))
        })
        const shuffled = slots.toSorted((a, b) => a.at - b.at).map(({ slot }) => slot)
        const got = receive(whole(sent, shuffled), receiverFor(sent))
        expect(got.bytes.equals(content.subarray(0, 40_000))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('were changed on the way count as lost', async () => {
    const sent = await send(content.subarray(0, 40_000), { ...shape, cipher: 'aes-256-gcm' })
    const slots = sent.slots.map((slot, at) => {
      if (slot === undefined || at % 9 !== 0) return slot
      const changed = Buffer.from(slot)
      changed[random.below(256)]! ^= 1 << random.below(8)
      return changed
    })
    const got = receive(whole(sent, slots), receiverFor(sent, { cipher: 'aes-256-gcm' }))
    expect(got.bytes.equals(content.subarray(0, 40_000))).toBe(true)
    expect(got.receiver.window!.counts.repaired).toBeGreaterThan(10)
  })

  it('come while the output stands still are refused, and counted; memory does not grow', async () => {
    const sent = await send(content, shape)
    const got = receive(whole(sent), receiverFor(sent), { every: 1_000_000 })
    expect(got.receiver.window!.counts.refused).toBeGreaterThan(100)
    expectKept(got.bytes, got.lost, content.length)
  })
})

describe('a receiver', () => {
  it('takes no transfer of another key, without a key, or from before a time', async () => {
    const sent = await send(content.subarray(0, 1000), { ...shape, cipher: 'aes-256-gcm' })
    const open = await send(content.subarray(0, 1000), shape)
    const cases = [
      [sent, receiverFor(sent, { trust: trustOf('aes-256-gcm', 8) }), 'another key'],
      [open, receiverFor(open, { cipher: 'aes-256-gcm' }), 'another key'],
      [sent, receiverFor(sent), 'another key'],
      [sent, receiverFor(sent, { cipher: 'aes-256-gcm', notBeforeMs: 1_700_000_000_002 }), 'must be after'],
    ] as const
    for (const [from, receiver, text] of cases) {
      expect(receive(whole(from), receiver).bytes.length).toBe(0)
      expect(() => receiver.poll(101)).toThrow(
        expect.objectContaining({ kind: 'permission', message: expect.stringContaining(text) }),
      )
    }
  })

  it('refuses another version and another kind, and takes the right one after that', async () => {
    const sent = await send(content.subarray(0, 1000), shape)
    const patch = await send(content.subarray(0, 1000), { ...shape, kind: 'patch' })
    const receiver = receiverFor(sent)
    receiver.onDatagram(patch.start, undefined, 0)
    expect(() => receiver.poll(101)).toThrow(expect.objectContaining({ kind: 'usage' }))
    receiver.onDatagram(Buffer.from(sent.start).fill(2, 1, 2), undefined, 0)
    expect(() => receiver.poll(101)).toThrow(expect.objectContaining({ kind: 'protocol' }))
    expect(receive(whole(sent), receiver).bytes.equals(content.subarray(0, 1000))).toBe(true)
  })

  it('keeps to the first transfer', async () => {
    const [first, second] = [
      await send(content.subarray(0, 5000), shape),
      await send(content.subarray(9, 9000), { ...shape, seed: 3 }),
    ]
    const mixed = first.slots.flatMap((slot, at) => [slot, second.slots[at]])
    const got = receive([first.start, second.start, ...mixed, second.last, first.last], receiverFor(first))
    expect(got.bytes.equals(content.subarray(0, 5000))).toBe(true)
  })

  it('says that nobody came, or that the sender went silent', async () => {
    const sent = await send(content.subarray(0, 5000), shape)
    expect(() => receiverFor(sent).poll(101)).toThrow(expect.objectContaining({ kind: 'unavailable' }))
    const receiver = receiverFor(sent)
    receive([sent.start, ...sent.slots.slice(0, 8)], receiver)
    expect(receiver.poll(1000)).toEqual([])
    // START tells that the sender is alive, though its input is silent.
    receiver.onDatagram(sent.start, undefined, 1000)
    expect(receiver.poll(1900)).toEqual([])
    expect(() => receiver.poll(2001)).toThrow(expect.objectContaining({ kind: 'retry' }))
  })

  it('says how much memory blocks need that do not fit', async () => {
    const sent = await send(content.subarray(0, 5000), shape)
    const receiver = receiverFor(sent, { windowBytes: leastWindowBytes(sent.interleaving) - 1 })
    expect(() => receiver.onDatagram(sent.start, undefined, 0)).toThrow(Failure)
  })
})

describe('START', () => {
  it('says what it was given, and nothing if it cannot be', async () => {
    const { start } = await send(content.subarray(0, 1), { ...shape, kind: 'patch' })
    const read = readStart(start)!
    expect(read).toMatchObject({ cipher: 'none', kind: 'patch', timeMs: 1_700_000_000_001 })
    expect(writeStart(read, 256, Buffer.alloc(32)).equals(start)).toBe(true)
    for (const [at, byte] of [
      [16, 9],
      [17, 2],
      [18, 0],
      [19, 0],
      [18, 255],
      [24, 255],
    ] as const)
      expect(readStart(Buffer.from(start).fill(byte, at, at + 1))).toBeUndefined()
    expect(readStart(start.subarray(0, 255))).toBeUndefined()
    expect(start[0]).toBe(packetType.start)
  })
})

/** What no code of this shape gives back, by counting. Without a cipher packets show their index. */
function lostBy({ interleaving, slots: all }: Sent, slots: readonly Slot[], bytes: number) {
  const missing = all.flatMap((slot, at) => (slot && slots[at] === undefined ? [placeOf(slot, interleaving)] : []))
  const isBeyond = (block: string) => missing.filter((one) => one.block === block).length > interleaving.code.repair
  const ranges = new LostRanges()
  for (const { segment, block } of missing) {
    if (segment === undefined || !isBeyond(block)) continue
    const from = segment * interleaving.segmentBytes
    ranges.add({ from, to: Math.min(bytes, from + interleaving.segmentBytes) })
  }
  return ranges.ranges
}

function placeOf(slot: Buffer, interleaving: Interleaving): { block: string; segment?: number } {
  const index = slot.readUIntBE(16, 6)
  const isSegment = slot[0] === packetType.segment
  const { group, block } = isSegment ? placeOfSegment(index, interleaving) : placeOfRepair(index, interleaving)
  return { block: `${group} ${block}`, ...(isSegment && { segment: index }) }
}

function expectKept(bytes: Buffer, lost: readonly { from: number; to: number }[], length: number): void {
  const expected = Buffer.from(content.subarray(0, length))
  for (const { from, to } of lost) expected.fill(0, from, to)
  expect(bytes.equals(expected)).toBe(true)
}

it('groups are what the drawing says', () => {
  const interleaving = { code: { data: 4, repair: 2 }, depth: 3, segmentBytes: 1 }
  expect(segmentsOfGroup(interleaving)).toBe(12)
  expect(placeOfSegment(17, interleaving)).toEqual({ group: 1, block: 2, line: 1 })
  expect(placeOfRepair(10, interleaving)).toEqual({ group: 1, block: 1, line: 1 })
})
