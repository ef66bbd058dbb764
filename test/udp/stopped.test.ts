import { expect, it } from 'vitest'
import { Transfer } from '../../src/stream/transfer.ts'
import { receiveOneWay } from '../../src/udp/one-way/receive-one-way.ts'
import { receiveOverUdp } from '../../src/udp/receive-over-udp.ts'
import { sendOverUdp } from '../../src/udp/send-over-udp.ts'
import { freePort } from '../fakes/free-port.ts'
import { trustOf } from './pair.ts'

const reason = new Error('stopped by SIGTERM')
const minutes = { waitMs: 600_000, timeoutMs: 600_000, windowBytes: 1 << 20 }
const never = { fill: () => new Promise<number>(() => {}), close: async () => {} }
const nowhere = { write: async () => {}, flush: async () => {} }

/** What all of them are given. The peer never comes. */
async function common(signal: AbortSignal) {
  const at = { host: '127.0.0.1', port: await freePort() }
  return { at, to: at, trust: trustOf(), ...minutes, checks: [], transfer: new Transfer(), signal, tell: () => {} }
}

const ways = {
  async sender(signal: AbortSignal) {
    const ceiling = { bytes: Number.POSITIVE_INFINITY, packets: Number.POSITIVE_INFINITY }
    await sendOverUdp(never, { ...(await common(signal)), name: '', trace: undefined, ceiling })
  },
  async receiver(signal: AbortSignal) {
    await receiveOverUdp(() => nowhere, { ...(await common(signal)), trace: undefined })
  },
  async 'one-way receiver'(signal: AbortSignal) {
    const told = { onBegin: async () => {}, onMissing: async () => {} }
    const chosen = { rawInterface: undefined, kind: 'stream', gaps: 'stop', notBeforeMs: 0 } as const
    await receiveOneWay(nowhere, { ...(await common(signal)), ...chosen, ...told })
  },
}

// A signal comes when it likes: also while the program is still being loaded.
it.each(Object.entries(ways))('a %s that was stopped before it began ends at once', async (_, run) => {
  await expect(run(AbortSignal.abort(reason))).rejects.toBe(reason)
})

it.each(Object.entries(ways))('a %s that is stopped while it waits ends at once', async (_, run) => {
  const controller = new AbortController()
  const ended = expect(run(controller.signal)).rejects.toBe(reason)
  setTimeout(() => controller.abort(reason), 100)
  await ended
})
