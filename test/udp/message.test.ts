import { describe, expect, it } from 'vitest'
import { Message, udpGro } from '../../src/udp/message.ts'
import { Refusals } from '../../src/udp/refusals.ts'
import type { SystemCalls } from '../../src/udp/system-calls.ts'

/** One that lies in memory of ours, as the kernel would find it. */
function message(): { message: Message; memory: Buffer } {
  let memory = Buffer.alloc(0)
  const map = (bytes: number) => {
    memory = Buffer.alloc(bytes)
    return { memory, address: 4096n }
  }
  return { message: new Message({ map } as unknown as SystemCalls, 4), memory }
}

const [controlBytesAt, controlAt] = [40, 160]

/** What the kernel says of a train: struct cmsghdr of UDP_GRO, with an int. */
function say(memory: Buffer, controlBytes: number, type: number, segmentBytes: number): void {
  memory.writeUInt32LE(controlBytes, controlBytesAt)
  memory.writeInt32LE(type, controlAt + 12)
  memory.writeInt32LE(segmentBytes, controlAt + 16)
}

describe('the length of packets that were put together', () => {
  it.each([
    ['is what the kernel says', 20, udpGro, 1232],
    ['is not what it said of others before', 0, udpGro, undefined],
    ['is not in a message that is cut', 19, udpGro, undefined],
    ['is not in a message of something else', 20, 1, undefined],
  ])('%s', (_, controlBytes, type, expected) => {
    const { message: received, memory } = message()
    say(memory, controlBytes, type, 1232)
    expect(received.segmentBytes).toBe(expected)
  })
})

it('refusals tell why only when so many came in a row', () => {
  const refusals = new Refusals()
  expect(refusals.after(1)).toBeUndefined()
  refusals.note('EPERM', 1400)
  refusals.note('ENETUNREACH', 1400)
  expect([refusals.after(3), refusals.after(2)]).toEqual([undefined, 'ENETUNREACH'])
  refusals.note('ENETUNREACH', 1400)
  expect(refusals.after(3)).toBe('ENETUNREACH')
  refusals.note(undefined, 1400)
  expect(refusals.after(1)).toBeUndefined()
})

it('refusals tell the shortest packet that was too long, whatever was taken since', () => {
  const refusals = new Refusals()
  expect(refusals.tooLongBytes).toBe(Number.POSITIVE_INFINITY)
  refusals.note('EPERM', 500)
  refusals.note('EMSGSIZE', 1472)
  refusals.note('EMSGSIZE', 8972)
  refusals.note(undefined, 1232)
  expect(refusals.tooLongBytes).toBe(1472)
})
