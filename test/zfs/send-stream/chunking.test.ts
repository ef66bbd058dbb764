import { describe, expect, test } from 'vitest'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import type { Verdict } from '../../../src/zfs/send-stream/verdict.ts'
import { asBigEndian } from '../../fakes/byte-order.ts'
import { bytesOf, recordedStreams, whyNoStreams } from '../../fakes/recorded-streams.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'

const small = recordedStreams.filter(({ manifest }) => Number(manifest?.['stream_bytes']) < 100_000)

function judged(bytes: Uint8Array, nextLength: () => number): { verdict: Verdict; counts: unknown } {
  const judge = new StreamJudge()
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + nextLength(), bytes.length)
    judge.push(bytes.subarray(at, end))
    at = end
  }
  return { verdict: judge.finish(), counts: judge.counts }
}

const atOnce = (bytes: Uint8Array) => judged(bytes, () => bytes.length)

describe('the judgement does not depend on how the bytes come', () => {
  test.for(small)('byte by byte: $maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(stream)
    expect(judged(bytes, () => 1)).toEqual(atOnce(bytes))
  })

  test.for(recordedStreams)('in random pieces: $maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const random = new SeededRandom(21)
    const bytes = bytesOf(stream)
    const whole = atOnce(bytes)
    for (const limit of [7, 400, 5000, 70_000, 600_000]) {
      if (bytes.length / limit < 50_000) expect(judged(bytes, () => 1 + random.below(limit))).toEqual(whole)
    }
  })

  test.for(small)('with damage, in both byte orders: $maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const random = new SeededRandom(22)
    for (const bytes of [Uint8Array.from(bytesOf(stream)), asBigEndian(bytesOf(stream))]) {
      for (let round = 0; round < 20; round++) {
        const [at, bit] = [random.below(bytes.length), 1 << random.below(8)]
        bytes[at]! ^= bit
        const whole = atOnce(bytes)
        expect(['damaged', 'truncated']).toContain(whole.verdict.kind)
        expect(judged(bytes, () => 1 + random.below(999))).toEqual(whole)
        if (round === 0) expect(judged(bytes, () => 1)).toEqual(whole)
        bytes[at]! ^= bit
      }
    }
  })

  test('nor on where they lie: in shared memory, at an odd address, many judges in turn', (context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const runs = small.map((stream) => {
      const bytes = bytesOf(stream)
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 1), 1)
      shared.set(bytes)
      return { bytes: shared, judge: new StreamJudge(), whole: atOnce(bytes).verdict }
    })
    for (let at = 0; at < 100_000; at += 1009)
      for (const { bytes, judge } of runs) judge.push(bytes.subarray(at, at + 1009))
    for (const { judge, whole } of runs) expect(judge.finish()).toEqual(whole)
  })

  test('an empty piece changes nothing', () => {
    const judge = new StreamJudge()
    judge.push(new Uint8Array(0))
    expect(judge.format).toBe('undecided')
    expect(judge.facts).toBeUndefined()
    expect(judge.damage).toBeUndefined()
    expect(judge.finish()).toEqual({ kind: 'bytes' })
  })
})
