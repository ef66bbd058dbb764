import { describe, expect, it } from 'vitest'
import { printable } from '../../src/cli/messages.ts'
import { ProgressMeter, type ProgressSource } from '../../src/cli/progress.ts'

const MiB = 2 ** 20

function meter(source: Partial<ProgressSource>) {
  const state = { nowMs: 0, doneBytes: 0 }
  const watched = {
    get doneBytes() {
      return state.doneBytes
    },
    ...source,
  }
  const made = new ProgressMeter(watched, () => state.nowMs)
  return (nowMs: number, doneMiB: number, isFinal = false) => {
    Object.assign(state, { nowMs, doneBytes: doneMiB * MiB })
    return made.line(isFinal)
  }
}

describe('ProgressMeter', () => {
  it('shows bytes and rate', () => expect(meter({})(1000, 10)).toBe('10.0 MiB, 10.0 MiB/s'))

  it('knows how long it will take where the size is known', () => {
    const at = meter({ totalBytes: 100 * MiB })
    expect(at(1000, 10)).toBe('10.0 MiB, 10.0 MiB/s, 10% of 100 MiB, ETA 9s')
    expect(at(2000, 100)).toBe('100 MiB, 50.0 MiB/s, 100% of 100 MiB, ETA 0s')
  })

  it('foretells nothing of a stalled transfer, or past a wrong estimate', () => {
    expect(meter({ totalBytes: 100 * MiB })(1000, 0)).toBe('0 B, 0 B/s, 0% of 100 MiB')
    expect(meter({ totalBytes: 100 * MiB })(1000, 150)).toBe('150 MiB, 150 MiB/s, 150% of 100 MiB')
    expect(meter({ totalBytes: 0 })(1000, 1)).toBe('1.00 MiB, 1.00 MiB/s')
  })

  it('takes the rate of the last ten seconds, at the end that of all', () => {
    const at = meter({})
    for (let second = 1; second <= 60; second += 1) at(second * 1000, second * 100)
    expect(at(61_000, 6000)).toBe('5.86 GiB, 90.0 MiB/s')
    for (let second = 62; second <= 70; second += 1) at(second * 1000, 6000)
    expect(at(71_000, 6000)).toBe('5.86 GiB, 0 B/s')
    expect(at(75_000, 6000, true)).toBe('5.86 GiB, 80.0 MiB/s, 1m 15s')
  })

  it('is right when it is asked seldom', () => {
    const at = meter({})
    at(1000, 1)
    expect(at(101_000, 1001)).toBe('1001 MiB, 10.0 MiB/s'.replace('1001 MiB', '0.98 GiB'))
  })

  it('tells where the time goes', () => {
    expect(meter({ waiting: { inputMs: 620, outputMs: 30, workMs: 350 } })(1000, 1)).toMatch(
      /, in 62% out 3% work 35%$/,
    )
    expect(meter({ waiting: { inputMs: 0, outputMs: 0, workMs: 0 } })(1000, 1)).not.toContain('work')
  })
})

describe('printable', () => {
  it('leaves names as they are and takes the power from control characters', () => {
    expect(printable('tank/Ünï ⌘@a b')).toBe('tank/Ünï ⌘@a b')
    expect(printable('a\x1b[31mb\r\n\tc\x7f\x9b\0')).toBe('a\\x1b[31mb\\r\\n\\tc\\x7f\\x9b\\x00')
  })
})
