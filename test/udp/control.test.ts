import { describe, expect, it } from 'vitest'
import { Rival } from './rival.ts'
import { Flow, simulate } from './simulation.ts'

// 300 Mbit/s. All of it is virtual time, and the same in every run.
const bytesPerMs = 37_500
const size = 200_000_000

/** A path with a queue of one flight, unless said otherwise. */
function path(rttMs: number, loss = 0, queueBytes = bytesPerMs * rttMs) {
  return { delayMs: rttMs / 2, bytesPerMs, queueBytes, loss }
}

/** The share of the path that was used from the first byte to the last. */
function used(flow: Flow): number {
  return flow.readBytes / (flow.doneAtMs ?? Number.POSITIVE_INFINITY) / bytesPerMs
}

function share(flow: Flow): number {
  return flow.sender.counts.retransmissions / flow.sender.counts.packets
}

describe('one flow over 300 Mbit/s', { timeout: 60_000 }, () => {
  const cells = [20, 100, 300].flatMap((rttMs) => [0, 0.001, 0.01, 0.05].map((loss) => ({ rttMs, loss })))

  it.each(cells)('uses it at a round trip of $rttMs ms and a loss of $loss', ({ rttMs, loss }) => {
    // Long enough that the start-up does not decide.
    const flow =
      rttMs === 300 ? new Flow({ bytes: 4 * size, packetBytes: 8972 }, rttMs, 1) : new Flow({ bytes: size }, rttMs, 1)
    simulate([flow], { forth: path(rttMs, loss), untilMs: 120_000 })
    expect(flow.isEqual && flow.isOver).toBe(true)
    expect(used(flow)).toBeGreaterThan(loss < 0.05 ? 0.8 : 0.6)
    expect(share(flow)).toBeLessThan(loss + 0.02)
  })

  it.each([0.25, 0.5, 1, 4])(
    'sends no more than 2 % again where nothing is lost but in a queue of %f flights',
    (flights) => {
      const flow = new Flow({ bytes: size }, 100, 1)
      simulate([flow], { forth: path(100, 0, flights * bytesPerMs * 100), untilMs: 60_000 })
      expect(flow.isEqual && flow.isOver).toBe(true)
      expect(share(flow)).toBeLessThan(0.02)
      expect(used(flow)).toBeGreaterThan(0.75)
    },
  )

  // What was lost comes a round trip later, and the reader waits for it.
  const starts = [50, 100, 300].flatMap((rttMs) => [
    { rttMs, loss: 0, rounds: 7 },
    { rttMs, loss: 0.01, rounds: 12 },
    { rttMs, loss: 0.05, rounds: 12 },
  ])

  it.each(starts)('reaches 80 %% of the rate within $rounds round trips of $rttMs ms at a loss of $loss', (start) => {
    const { rttMs, loss, rounds } = start
    const flow = new Flow({ bytes: size }, rttMs, 1)
    simulate([flow], { forth: path(rttMs, loss), untilMs: rounds * rttMs })
    const slots = Math.max(1, rttMs / 100)
    const best = Math.max(...flow.history.slice(slots).map((bytes, index) => bytes - flow.history[index]!))
    expect(best).toBeGreaterThan(0.8 * bytesPerMs * slots * 100)
  })

  it.each([
    [100, 4800],
    [300, 9000],
  ])('uses a path of %d ms without a break from its start-up to its first look, after %d ms', (rttMs, lookMs) => {
    const flow = new Flow({ bytes: 2 * size }, rttMs, 1)
    simulate([flow], { forth: path(rttMs), untilMs: lookMs })
    const [slots, begun] = [(2 * rttMs) / 100, (12 * rttMs) / 100]
    const pieces = flow.history.slice(begun + slots).map((bytes, index) => bytes - flow.history[begun + index]!)
    expect(pieces.length).toBeGreaterThan(30)
    expect(Math.min(...pieces)).toBeGreaterThan(0.8 * bytesPerMs * slots * 100)
  })

  it.each([0, 0.01])('is hardly slower between busy machines at a loss of %f', (loss) => {
    const flow = new Flow({ bytes: size, busy: { share: 0.4, meanMs: 6, seed: 1 } }, 100, 1)
    simulate([flow], { forth: path(100, loss), untilMs: 60_000 })
    expect(flow.isEqual && flow.isOver).toBe(true)
    expect(used(flow)).toBeGreaterThan(0.75)
    expect(share(flow)).toBeLessThan(loss + 0.02)
  })

  it.each([1, 2, 3, 4])('takes no long pauses of the machines for a queue at a loss of 0.05: seed %i', (seed) => {
    const flow = new Flow({ bytes: size, busy: { share: 0.4, meanMs: 25, seed } }, 100, seed)
    simulate([flow], { forth: path(100, 0.05), untilMs: 4000, seed })
    expect(flow.readBytes / (4000 * bytesPerMs)).toBeGreaterThan(0.35)
  })

  it.each([2, 3])(
    'does not stand still for what is lost twice where the window is less than three flights: seed %i',
    (seed) => {
      const flow = new Flow({ bytes: 4 * size, windowBytes: 32 << 20 }, 300, 1)
      simulate([flow], { forth: path(300, 0.01), untilMs: 15_000, seed })
      expect(flow.readBytes / (15_000 * bytesPerMs)).toBeGreaterThan(0.75)
      expect(share(flow)).toBeLessThan(0.03)
    },
  )

  it('sends no more than 2 % of its packets twice, however much is lost at once', () => {
    const flow = new Flow({ bytes: size, windowBytes: 16 << 20 }, 300, 1)
    simulate([flow], { forth: path(300, 0.2), untilMs: 10_000 })
    const { window, counts } = flow.sender
    expect(window.copiesMade).toBeGreaterThan(0.01 * counts.packets)
    expect(window.copiesMade).toBeLessThanOrEqual(0.02 * counts.packets + 1)
  })

  it('never exceeds a ceiling', () => {
    const flow = new Flow({ bytes: 20_000_000, ceiling: 2500 }, 20, 1)
    simulate([flow], { forth: path(20), untilMs: 60_000 })
    expect(flow.doneAtMs).toBeGreaterThan(20_000_000 / 2500)
    expect(flow.doneAtMs).toBeLessThan(1.15 * (20_000_000 / 2500))
  })
})

/** What the first got of what both got in the last part of the time. */
function shareOf(one: readonly number[], two: readonly number[], seconds: number): number {
  const [mine, other] = [one, two].map((history) => history.at(-1)! - history.at(-10 * seconds)!) as [number, number]
  return mine / (mine + other)
}

describe('two flows', { timeout: 120_000 }, () => {
  it.each([
    ['that begin together', 50, 0],
    ['of which one begins 5 s later', 50, 5000],
    ['of which one begins 5 s later over a short path, and sees it with a queue,', 0.3, 5000],
  ])('%s share 42:58 or better', (_, rttMs, laterMs) => {
    const flows = [
      new Flow({ bytes: 1e9 }, rttMs, 1),
      new Flow({ bytes: 1e9, startMs: laterMs }, Math.max(8, rttMs), 2),
    ]
    const queueBytes = bytesPerMs * Math.max(50, rttMs)
    simulate(flows, { forth: path(rttMs, 0, queueBytes), untilMs: 30_000 }, [0, laterMs])
    const [one, two] = flows.map(({ history }) => history) as [number[], number[]]
    expect(Math.abs(shareOf(one, two, 15) - 0.5)).toBeLessThan(0.08)
    const bytes = [one, two].map((history) => history.at(-1)! - history.at(-150)!)
    expect((bytes[0]! + bytes[1]!) / (15_000 * bytesPerMs)).toBeGreaterThan(0.8)
  })

  it.each([0.3, 5, 20])('leave one of another kind its share for ever: round trip %f ms', (rttMs) => {
    const flow = new Flow({ bytes: 1e9 }, rttMs, 1)
    const rival = new Rival(110_000 + bytesPerMs * rttMs)
    simulate([flow], { forth: path(rttMs, 0, 100 * bytesPerMs), untilMs: 20_000, rival })
    const share = shareOf(flow.history, rival.history, 5)
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.55)
  })
})
