import { describe, expect, it } from 'vitest'
import { Flow, simulate } from './simulation.ts'

const bytesPerMs = 37_500

describe('a transfer', { timeout: 60_000 }, () => {
  it.each([0, 1, 1431, 1432, 1433, 100_000])('of %d bytes arrives', (bytes) => {
    const flow = new Flow({ bytes }, 20, 1)
    simulate([flow], { forth: { delayMs: 10 } })
    expect(flow).toMatchObject({ isOver: true, isEqual: true, readBytes: bytes })
  })

  it.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    'survives drops, copies, changed bits and disorder (seed %d)',
    (seed) => {
      const bad = {
        delayMs: 10,
        bytesPerMs: 10_000,
        loss: 0.02 * (seed % 10),
        duplicate: 0.05,
        corrupt: 0.03,
        reorder: 0.2,
        lateMs: 30,
      }
      const flow = new Flow({ bytes: 3_000_000 }, 20, 1)
      simulate([flow], { forth: bad, back: { ...bad, bytesPerMs: 1000 }, seed })
      expect(flow).toMatchObject({ isOver: true, isEqual: true, readBytes: 3_000_000 })
    },
  )

  it('ends soon though its tail is lost each time', () => {
    // The link is away just when the last packets are on it.
    const flow = new Flow({ bytes: 1_000_000 }, 20, 1)
    const endMs = simulate([flow], { forth: { delayMs: 10, bytesPerMs: 1000, goneMs: [900, 1300] } })
    expect(flow).toMatchObject({ isOver: true, isEqual: true })
    expect(endMs).toBeLessThan(3500)
  })

  it.each(['forth', 'back'] as const)('goes on within 1.5 s after the link was away for 20 s (%s)', (way) => {
    const goneMs = [1000, 21_000] as const
    const link = { delayMs: 20, bytesPerMs }
    const flow = new Flow({ bytes: 100_000_000 }, 40, 1)
    const links = {
      forth: link,
      back: { delayMs: 20 },
      [way]: { ...(way === 'forth' ? link : { delayMs: 20 }), goneMs },
    }
    simulate([flow], links)
    const before = flow.history[205]!
    expect(flow.history[225]! - before).toBeGreaterThan(0.2 * bytesPerMs * 1500)
    expect(flow).toMatchObject({ isOver: true, isEqual: true })
  })

  it('stands still with a reader that does, for 60 s, and goes on', () => {
    const flow = new Flow({ bytes: 60_000_000, windowBytes: 8 << 20, stalledMs: [500, 60_500] }, 20, 1)
    simulate([flow], { forth: { delayMs: 10, bytesPerMs } })
    expect(flow).toMatchObject({ isOver: true, isEqual: true })
    // What the two windows hold, and not more, was taken from the source meanwhile.
    expect(flow.history[600]! - flow.history[6]!).toBe(0)
    expect(flow.doneAtMs).toBeLessThan(64_000)
    expect(flow.sender.counts.retransmissions).toBeLessThan(100)
  })

  it('is as slow as its reader, and sends nothing twice for it', () => {
    const flow = new Flow({ bytes: 20_000_000, windowBytes: 8 << 20, readerBytesPerMs: 2000 }, 20, 1)
    simulate([flow], { forth: { delayMs: 10, bytesPerMs } })
    expect(flow).toMatchObject({ isOver: true, isEqual: true })
    expect(flow.doneAtMs).toBeGreaterThan(9900)
    expect(flow.doneAtMs).toBeLessThan(11_500)
    expect(flow.sender.counts.retransmissions).toBe(0)
  })

  it.each([0.1, 0.3])('ends though more is missing than an ACK can tell (loss %f)', (loss) => {
    const flow = new Flow({ bytes: 40_000_000 }, 300, 1)
    simulate([flow], { forth: { delayMs: 150, bytesPerMs, loss }, untilMs: 60_000 })
    expect(flow).toMatchObject({ isOver: true, isEqual: true })
  })
})
