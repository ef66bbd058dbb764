import { expect, it } from 'vitest'
import { Transfer } from '../../../src/stream/transfer.ts'
import { Delivery } from '../../../src/udp/one-way/delivery.ts'
import type { Wire } from '../../../src/udp/wire.ts'
import { filled } from '../pair.ts'
import { receiverFor, send } from './one-way-pair.ts'

const mebibyte = 1024 * 1024

// Everything has come that ever will.
const wire = {
  until: async (isReady: () => boolean) => void expect(isReady()).toBe(true),
  during: (work: Promise<void>) => work,
} as unknown as Wire

it('asks for all of a long loss though the disk is full in its middle', async () => {
  const sent = await send(filled(mebibyte, 7), { code: { data: 4, repair: 1 }, depth: 1, packetBytes: 1400 })
  const receiver = receiverFor(sent, { windowBytes: 4 * mebibyte })
  const count = sent.slots.length
  const came = sent.slots.filter((slot, at) => slot !== undefined && (at < 0.1 * count || at > 0.9 * count))
  for (const packet of [sent.start, ...came, sent.last])
    if (packet !== undefined) receiver.onDatagram(packet, undefined, 0)
  receiver.poll(10_000)
  const transfer = new Transfer()
  const room = 0.5 * mebibyte
  const output = {
    write: async (bytes: Uint8Array) => {
      if (transfer.doneBytes + bytes.length > room) throw new Error('no space')
    },
    flush: async () => {},
  }
  const delivery = new Delivery(wire, receiver, output, { gaps: 'zero', checks: [], transfer, tell: () => {} })
  await expect(delivery.run()).rejects.toThrow('no space')
  expect(transfer.doneBytes).toBeGreaterThan(0.25 * mebibyte)
  const { ranges } = delivery.missing
  expect(ranges).toMatchObject([{ to: transfer.doneBytes }, { from: transfer.doneBytes, to: mebibyte }])
  expect(ranges[0]?.from).toBeLessThan(0.11 * mebibyte)
})
