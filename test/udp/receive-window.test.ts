import { expect, it } from 'vitest'
import { PacketMemory } from '../../src/udp/packet-memory.ts'
import { ReceiveWindow } from '../../src/udp/receive-window.ts'

const segmentBytes = 1000

/** A window of 524 segments, so many of which have arrived. */
function arrived(count: number): ReceiveWindow {
  const memory = new PacketMemory(0)
  const window = new ReceiveWindow(segmentBytes, memory)
  for (let segment = 0; segment < count; segment++) {
    memory.bytes.fill(segment, memory.scratchAt, memory.scratchAt + segmentBytes)
    expect(window.put(segment, segmentBytes, memory.scratchAt, segmentBytes)).toBe(true)
  }
  return window
}

it('gives no piece before there is as much as is asked for, or the end', () => {
  const window = arrived(4)
  expect(window.take(5 * segmentBytes, false)).toBeUndefined()
  expect(window.take(5 * segmentBytes, true)).toHaveLength(4 * segmentBytes)
})

it.each([
  ['all that is there', 30, 4, 30],
  ['sixteen times what is asked for', 200, 2, 32],
  ['an eighth of the ring', 200, 20, 65],
  ['what is asked for, whatever the ring is', 200, 100, 100],
])('gives at once %s', (_, there, asked, given) => {
  const piece = arrived(there).take(asked * segmentBytes, false)
  expect(piece).toHaveLength(given * segmentBytes)
  expect(piece?.at(-1)).toBe((given - 1) % 256)
})

it('gives all in order, in whatever pieces, and again from the start of the ring', () => {
  const memory = new PacketMemory(0)
  const window = new ReceiveWindow(segmentBytes, memory)
  const seen: number[] = []
  const takeAll = (isEnd: boolean) => {
    for (let piece = window.take(10_000, isEnd); piece !== undefined; piece = window.take(10_000, isEnd)) {
      for (let at = 0; at < piece.length; at += segmentBytes) seen.push(piece.readUInt32BE(at))
      window.release(piece.length)
    }
  }
  for (let segment = 0; segment < 1500; segment++) {
    memory.bytes.writeUInt32BE(segment, memory.scratchAt)
    window.put(segment, segmentBytes, memory.scratchAt, segmentBytes)
    if (segment % 97 === 96) takeAll(false)
  }
  takeAll(true)
  expect(seen).toEqual(Array.from({ length: 1500 }, (_, segment) => segment))
})
