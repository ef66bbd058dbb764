import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { readLast, readShard } from '../../src/udp/one-way/bodies.ts'
import { readPatchHeader } from '../../src/udp/one-way/patch-header.ts'
import { readStart, writeStart } from '../../src/udp/one-way/start-packet.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { receive, receiverFor, type Sent, type Shape, send } from '../udp/one-way/one-way-pair.ts'
import { filled, trustOf } from '../udp/pair.ts'

// Five seconds in an ordinary run; ZUDP_FUZZ_CASES=1000000 for a long one.
const asked = process.env['ZUDP_FUZZ_CASES']
const cases = Number(asked ?? 100_000)
// However slow the machine is.
const leastCases = asked === undefined ? 10 : cases
const random = new SeededRandom(Number(process.env['ZUDP_FUZZ_SEED'] ?? 6))
const shape: Shape = { code: { data: 4, repair: 2 }, depth: 3 }
const content = filled(9000, 1)

async function run(one: () => Promise<void> | void): Promise<void> {
  const untilMs = performance.now() + 5000
  for (let done = 0; done < leastCases || (done < cases && performance.now() < untilMs); done++) await one()
}

function changed(packet: Buffer): Buffer {
  const copy = Buffer.from(packet)
  for (let count = random.below(4); count >= 0; count--) copy[random.below(copy.length)] = random.below(256)
  return random.below(4) === 0 ? copy.subarray(0, random.below(copy.length + 1)) : copy
}

describe('whatever bytes come', { timeout: 3_600_000 }, () => {
  it('the parsers give what they mean, or undefined', async () => {
    const { start } = await send(content, shape)
    await run(() => {
      const bytes = Buffer.from(random.bytes(random.below(60)))
      readLast(bytes)
      const length = Math.max(1, bytes.length - 6)
      expect(readShard(bytes, length)?.shard.length).toBe(bytes.length < 7 ? undefined : length)
      const read = readStart(changed(start))
      if (read !== undefined) expect(writeStart(read, 256, Buffer.alloc(32)).length).toBe(256)
      try {
        const header = readPatchHeader(bytes)
        if (header !== undefined) expect(header.headerBytes).toBe(4 + 12 * header.ranges.length)
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
      }
    })
  })

  it('without the key nothing of it is taken, and what is true arrives', async () => {
    const cipher = 'chacha20-poly1305'
    const sent = await send(content, { ...shape, cipher })
    const genuine = [sent.start, ...sent.slots, sent.last].flatMap((slot) => (slot === undefined ? [] : [slot]))
    await run(() => {
      const packets = genuine.flatMap((packet) => [changed(genuine[random.below(genuine.length)]!), packet])
      const got = receive(packets, receiverFor(sent, { cipher }))
      expect(got.bytes.equals(content)).toBe(true)
    })
  })

  it('a sender with the key, but out of its mind, is a Failure at worst, and stays in its memory', async () => {
    const sent: Sent[] = await Promise.all(
      [1, 2, 3].map((depth) => send(content, { code: { data: 1 + depth, repair: depth }, depth })),
    )
    const { xxh64 } = trustOf('none')
    await run(() => {
      const one = sent[random.below(sent.length)]!
      const packets = one.slots.map((slot) => {
        if (slot === undefined || random.below(5) > 0) return slot
        const strange = Buffer.from(slot)
        strange[0] = 13 + random.below(5)
        strange.writeUIntBE(random.below(3) === 0 ? random.below(2 ** 30) * 2 ** 17 : random.below(60), 16, 6)
        strange.set(xxh64(Uint8Array.of(1), strange.subarray(0, -8)), strange.length - 8)
        return strange
      })
      try {
        const { bytes } = receive([one.start, ...packets, one.last], receiverFor(one), { skips: true })
        expect(bytes.length).toBeLessThan(100_000)
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
      }
    })
  })
})
