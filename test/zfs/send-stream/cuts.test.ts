import { describe, expect, test } from 'vitest'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import { asBigEndian } from '../../fakes/byte-order.ts'
import { bytesOf, completeStreams, type RecordedStream, whyNoStreams } from '../../fakes/recorded-streams.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { type FoundRecord, recordsOf } from '../../fakes/stream-records.ts'

const randomCuts = 1000

/** Before it the magic number has not begun, or but zeros of it have come. */
const firstTellingByte = { little: 9, big: 12 }

describe('a stream cut at every record boundary and at 1,000 random places is truncated there', () => {
  test.for(completeStreams)('$maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(stream)
    expectAllCutsFound(bytes, recordsOf(bytes), firstTellingByte.little)
  })
})

describe('and in big-endian order', () => {
  const streams = completeStreams.filter(({ manifest }) => Number(manifest?.['stream_bytes']) < 150_000)
  test.for(streams)('$maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = asBigEndian(bytesOf(stream))
    expectAllCutsFound(bytes, recordsOf(bytes, false), firstTellingByte.big)
  })
})

describe('what follows the end is damage', () => {
  test.for(completeStreams)('$maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(stream)
    for (const rest of [Uint8Array.of(0), new Uint8Array(312), bytes]) {
      const judge = new StreamJudge()
      judge.push(bytes)
      expect(judge.finish().kind).toBe('complete')
      judge.push(rest)
      const reason = 'bytes follow the end of the stream; zfs receive would ignore them'
      expect(judge.finish()).toMatchObject({ kind: 'damaged', offset: bytes.length, reason })
    }
  })
})

describe('asked for at a cut, the judgement', () => {
  test('is the one of a judge that saw no more', (context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const random = new SeededRandom(11)
    for (const bytes of ['R-incr-i.zfs', 'fuse-R-incr-i.zfs', 'spill-blocks.zfs'].map(named).map(bytesOf)) {
      const asked = new StreamJudge()
      for (let from = 0; from < bytes.length; ) {
        const cut = Math.min(from + 1 + random.below(700), bytes.length)
        asked.push(bytes.subarray(from, cut))
        const ended = new StreamJudge()
        ended.push(bytes.subarray(0, cut))
        expect(asked.finish()).toEqual(ended.finish())
        from = cut
      }
    }
  })
})

function named(name: string): RecordedStream {
  return completeStreams.find((stream) => stream.name === name)!
}

function expectAllCutsFound(bytes: Uint8Array, records: readonly FoundRecord[], firstTelling: number): void {
  const random = new SeededRandom(bytes.length)
  const places = [...records.flatMap(({ at, payloadAt }) => [at, payloadAt]), 1, 8, 9, 11, 12, 15, 16, 17, 311]
  for (let cut = 0; cut < randomCuts; cut++) places.push(random.below(bytes.length))
  const judge = new StreamJudge()
  let [from, record] = [0, 0]
  for (const cut of [...new Set(places)].toSorted((one, other) => one - other)) {
    if (cut === bytes.length) continue
    judge.push(bytes.subarray(from, cut))
    from = cut
    while (records[record]!.end <= cut) record++
    const { kind, offset, record: found } = { offset: undefined, record: undefined, ...judge.finish() }
    // expect() costs more than the judgement: it is called for what differs.
    const isRight = cut < firstTelling ? kind === 'bytes' : kind === 'truncated' && offset === cut && found === record
    if (!isRight) expect({ cut, kind, offset, record: found }).toEqual({ cut, kind: 'truncated', offset: cut, record })
  }
  judge.push(bytes.subarray(from))
  expect(judge.finish()).toMatchObject({ kind: 'complete', facts: { recordCount: records.length } })
}
