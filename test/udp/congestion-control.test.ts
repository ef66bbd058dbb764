import { describe, expect, it } from 'vitest'
import { CongestionControl } from '../../src/udp/congestion-control.ts'

const packetBytes = 1472
const rttMs = 100

/** A control on a path that delivers what it is given, up to a rate: each step is a round trip. */
class Path {
  readonly control = new CongestionControl(packetBytes, rttMs, 0, Number.POSITIVE_INFINITY)
  #nowMs = 0
  #sentRate = this.control.pacingRate

  /** Rounds until the control knows a rate, no more than 100. */
  roundsTo(rate: number, most: number, queueMs = 0): number {
    let rounds = 0
    for (; this.control.rate < rate && rounds < 100; rounds++) this.round(most, queueMs)
    return rounds
  }

  round(most: number, queueMs = 0): void {
    this.#nowMs += rttMs
    const bytesPerMs = Math.min(most, this.#sentRate)
    this.#sentRate = Math.min(this.control.pacingRate, this.control.windowBytes / rttMs)
    this.control.onAck({
      nowMs: this.#nowMs,
      rttMs: rttMs + queueMs,
      bytesPerMs,
      isAppLimited: false,
      isRoundOver: true,
      arrivedBytes: bytesPerMs * rttMs,
      lostBytes: 0,
      inFlightBytes: bytesPerMs * rttMs,
    })
  }
}

/** One whose start-up has ended at a rate of 1000 bytes a millisecond. */
function cruising(): Path {
  const path = new Path()
  for (let count = 0; path.control.state !== 'cruise' && count < 100; count++) path.round(1000)
  expect(path.control.state).toBe('cruise')
  expect(path.control.rate).toBe(1000)
  return path
}

describe('a path that is ten times as wide as it was when start-up ended', () => {
  it('is found by starting up again', () => {
    expect(cruising().roundsTo(9000, 10_000)).toBeLessThan(16)
  })

  it('is found by small steps while there is a queue: others are there', () => {
    const path = cruising()
    for (let count = 0; count < 20; count++) {
      path.round(10_000, 50)
      expect(path.control.state).not.toBe('startup')
    }
    expect(path.control.rate).toBeLessThan(4000)
  })
})

it('a path of the same width is not started up again', () => {
  const path = cruising()
  for (let count = 0; count < 100; count++) {
    path.round(1000)
    expect(path.control.state).not.toBe('startup')
  }
})

it('leaves room to the others whose queue stands for longer than the path itself', () => {
  const windowIn = (queueMs: number) => {
    const path = cruising()
    for (let count = 0; count < 3; count++) path.round(1000, queueMs)
    return path.control.windowBytes
  }
  expect(windowIn(rttMs)).toBe(windowIn(0))
  expect(windowIn(rttMs + 2)).toBe(windowIn(0) - 2 * 1000)
  expect(windowIn(3 * rttMs)).toBe(windowIn(0) - 5 * 1000)
})

it('knows its rate behind a look though the path is shorter than what timers take', () => {
  const control = new CongestionControl(packetBytes, 0.05, 0, Number.POSITIVE_INFINITY)
  const states = new Set<string>()
  for (let nowMs = 1; nowMs < 8000; nowMs++) {
    // An answer takes a millisecond, whatever is on its way.
    const bytesPerMs = Math.min(1_000_000, control.windowBytes)
    const flight = { arrivedBytes: bytesPerMs, lostBytes: 0, inFlightBytes: 0, isAppLimited: false, isRoundOver: true }
    control.onAck({ ...flight, nowMs, bytesPerMs, rttMs: nowMs === 1 ? 0.05 : 1 })
    states.add(control.state)
    if (control.state !== 'look' && nowMs > 1000) expect(control.rate).toBeGreaterThanOrEqual(500_000)
  }
  expect(states).toContain('look')
})

describe('round trips that have become longer', () => {
  const lowestAfter = (queueMs: number, whileLookingMs: number) => {
    const path = cruising()
    for (let count = 0; count < 120; count++) path.round(1000, path.control.state === 'look' ? whileLookingMs : queueMs)
    return path.control.lowestRttMs
  }

  it('are the path itself if less on its way does not make them shorter', () => {
    expect(lowestAfter(100, 100)).toBe(rttMs + 100)
  })

  it('are a queue if it does: what is left of that may be others', () => {
    expect(lowestAfter(100, 50)).toBe(rttMs)
  })
})

it('never begins slower than before the first sample', () => {
  const path = new Path()
  const before = path.control.pacingRate
  path.round(10)
  expect(path.control.rate).toBe(10)
  expect(path.control.pacingRate).toBe(before)
})
