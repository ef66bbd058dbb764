import { expect, it } from 'vitest'
import { MtuSearch } from '../../src/udp/mtu-search.ts'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { Receiver } from '../../src/udp/receiver.ts'
import { sessions } from './pair.ts'

/** Searches over a path of this round trip that takes packets up to `mostBytes`; a probe is lost where `isLost` says so. */
function search(
  rttMs: number,
  mostBytes: number,
  isLost: (probe: number) => boolean,
  tooLongBytes = Number.POSITIVE_INFINITY,
) {
  const { sender, receiver: receiving } = sessions()
  const receiver = new Receiver(receiving, new PacketMemory(0), 0)
  const tried = new MtuSearch(sender, 4, rttMs)
  const answers: { atMs: number; packet: Buffer }[] = []
  let probes = 0
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
    tried.refuse(tooLongBytes)
    for (const { packet } of answers.filter(({ atMs }) => atMs === nowMs)) tried.onDatagram(packet)
    const bytes = tried.foundBytes(nowMs)
    if (bytes !== undefined) return { bytes, nowMs, probes }
    for (const probe of tried.poll(nowMs)) {
      if (!isLost(probes++) && probe.length <= mostBytes) receiver.onDatagram(probe, nowMs)
      for (const packet of receiver.poll(nowMs)) answers.push({ atMs: nowMs + rttMs, packet: Buffer.from(packet) })
    }
  }
  return { bytes: undefined, nowMs: Number.POSITIVE_INFINITY, probes }
}

const none = () => false

it.each([
  [9000, 8972],
  [8000, 1472],
  [1472, 1472],
  [1400, 1392],
  [1240, 1232],
])('finds of a path for %d bytes that packets of %d pass', (mostBytes, bytes) => {
  expect(search(20, mostBytes, none)).toMatchObject({ bytes })
})

it('takes one round trip where its own interface tells what is too long', () => {
  expect(search(100, 1472, none, 8972)).toMatchObject({ bytes: 1472, nowMs: 100 })
})

it('takes two round trips at most where only silence tells it', () => {
  const { bytes, nowMs } = search(300, 1472, none)
  expect(bytes).toBe(1472)
  expect(nowMs).toBeLessThan(2 * 300)
})

it('needs no more than one of its three probes of a length', () => {
  for (const kept of [0, 1, 2])
    expect(search(50, 1472, (probe) => Math.floor(probe / 4) !== kept)).toMatchObject({ bytes: 1472, probes: 12 })
})

it('goes on after all have been lost', () => {
  expect(search(50, 1472, (probe) => probe < 12)).toMatchObject({ bytes: 1472 })
})

it('tries the length that always passes, whatever is too long', () => {
  expect(search(20, 9000, none, 500)).toMatchObject({ bytes: 1232, nowMs: 20 })
})
