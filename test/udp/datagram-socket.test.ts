import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Address } from '../../src/udp/address.ts'
import { openSocket } from '../../src/udp/datagram-socket.ts'
import { groupsOf } from '../../src/udp/message.ts'
import { systemCalls } from '../../src/udp/system-calls.ts'
import { Wire } from '../../src/udp/wire.ts'
import { freePort } from '../fakes/free-port.ts'
import { filled } from './pair.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const ways = [
  { way: 'node:dgram', usesOffload: false },
  { way: 'GSO and GRO', usesOffload: true },
].filter(({ usesOffload }) => !usesOffload || systemCalls() !== undefined)

describe.each(ways)('a socket by $way', ({ usesOffload }) => {
  it.each([
    [4, '127.0.0.1', '127.0.0.1'],
    [6, '::1', '::1'],
    [6, '', '127.0.0.1'],
  ] as const)('of family %d at %j brings packets of all lengths to %s and back', async (family, host, target) => {
    const port = await freePort()
    const got: { datagram: Buffer; from: Address }[] = []
    const answers: Buffer[] = []
    const onRoom = () => {}
    const there = await openSocket(
      family,
      { onDatagram: (datagram, from) => void got.push({ datagram: Buffer.from(datagram), from }), onRoom },
      { host, port },
      { usesOffload },
    )
    const events = { onDatagram: (datagram: Buffer) => void answers.push(Buffer.from(datagram)), onRoom }
    const here = await openSocket(target.includes(':') ? 6 : 4, events, undefined, { usesOffload })
    const lengths = [1400, 1400, 1400, 700, 1400, 1, 20, 20, 8972, 1232, 1232]
    for (const [index, length] of lengths.entries()) here.send(filled(length, index), { address: target, port })
    for (let wait = 0; wait < 100 && got.length < lengths.length; wait++) await sleep(20)
    expect(got.map(({ datagram }) => datagram)).toEqual(lengths.map((length, index) => filled(length, index)))
    there.send(filled(99, 1), got[0]!.from)
    for (let wait = 0; wait < 100 && answers.length === 0; wait++) await sleep(20)
    expect(answers).toEqual([filled(99, 1)])
    await Promise.all([here.close(), there.close()])
  })

  it('loses what is too long for a datagram, and nothing after it', async () => {
    const port = await freePort()
    const got: number[] = []
    const onRoom = () => {}
    const there = await openSocket(
      4,
      { onDatagram: ({ length }) => void got.push(length), onRoom },
      { host: '127.0.0.1', port },
      { usesOffload },
    )
    const here = await openSocket(4, { onDatagram: () => {}, onRoom }, undefined, { usesOffload })
    const to = { address: '127.0.0.1', port }
    for (const length of [10, 65_508, 65_536, 70_000, 30, 20]) here.send(Buffer.alloc(length), to)
    for (let wait = 0; wait < 100 && got.length < 3; wait++) await sleep(20)
    expect(got).toEqual([10, 30, 20])
    await Promise.all([here.close(), there.close()])
  })
})

describe.skipIf(systemCalls() === undefined)('a socket by GSO and GRO (system calls)', () => {
  const open = () => openSocket(4, { onDatagram: () => {}, onRoom: () => {} })

  it('leaves its memory to the next one', async () => {
    await (await open()).close()
    const map = vi.spyOn(systemCalls()!, 'map')
    for (let count = 0; count < 20; count++) await (await open()).close()
    expect(map).not.toHaveBeenCalled()
  })

  it('that is closed while the system takes nothing does not try for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const EAGAIN = 11
    vi.spyOn(systemCalls()!, 'sendmsg').mockReturnValue(-1)
    vi.spyOn(systemCalls()!, 'errno').mockReturnValue(EAGAIN)
    const socket = await open()
    socket.send(Buffer.alloc(10), { address: '127.0.0.1', port: 9 })
    await Promise.resolve()
    expect(vi.getTimerCount()).toBe(1)
    await socket.close()
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('groupsOf', () => {
  it.each([
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['2001:db8::ff00:42:8329', [0x2001, 0xdb8, 0, 0, 0, 0xff00, 0x42, 0x8329]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]],
    ['fe80::', [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
  ])('reads %s', (text, groups) => expect(groupsOf(text)).toEqual(groups))
})

it.runIf(systemCalls() !== undefined)(
  'naps no longer than asked, and takes what has come meanwhile (system calls)',
  async () => {
    const port = await freePort()
    const got: number[] = []
    const onRoom = () => {}
    const onDatagram = ({ length }: Buffer) => void got.push(length)
    const there = await openSocket(4, { onDatagram, onRoom }, { host: '127.0.0.1', port })
    const here = await openSocket(4, { onDatagram: () => {}, onRoom })
    const beganMs = performance.now()
    there.nap?.(0.5)
    expect(performance.now() - beganMs).toBeGreaterThan(0.4)
    expect(got).toEqual([])
    here.send(Buffer.alloc(10), { address: '127.0.0.1', port })
    await nextTurn()
    for (let count = 0; count < 1000 && got.length === 0; count++) there.nap?.(0.9)
    expect(got).toEqual([10])
    await Promise.all([here.close(), there.close()])
  },
)

it.runIf(systemCalls() !== undefined)('is polled no oftener than packets are worth (system calls)', async () => {
  let polls = 0
  const machine = {
    onDatagram: () => {},
    poll: () => {
      polls += 1
      return []
    },
    get wakeAtMs() {
      return performance.now() + 0.01
    },
  }
  const beganMs = performance.now()
  const wire = await Wire.open(machine, 4)
  await sleep(200)
  await wire.close()
  expect(polls).toBeGreaterThan(5)
  expect(polls).toBeLessThan(6 * (performance.now() - beganMs))
})
