import { afterAll, describe, expect, test } from 'vitest'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import type { Verdict } from '../../../src/zfs/send-stream/verdict.ts'
import { asBigEndian } from '../../fakes/byte-order.ts'
import { bytesOf, completeStreams, whyNoStreams } from '../../fakes/recorded-streams.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { type FoundRecord, recordsOf } from '../../fakes/stream-records.ts'

/** A flip costs a reading of the stream up to it: fewer in the larger ones. */
const leastFlips = 1000
const bytesPerStream = 600_000_000

/** Where a bit lies, by what covers it. */
const classes = {
  opening: 'first record: type, magic number (no checksum: they tell that it is a stream)',
  header: "record's header (its own checksum, or END's)",
  ownChecksum: "record's own checksum (the next record's)",
  payload: "payload (the next record's checksum, or END's)",
  endWithoutOwn: 'END without a checksum of its own (none)',
  endsOwn: "END's own checksum (none)",
  lastEnd: "package's last END (none)",
} as const

type Class = keyof typeof classes

/** How often a flip in each class was found, by the words it was found with; `not found` stands for itself. */
const found = new Map<Class, Map<string, number>>()

describe('every flipped bit is found', () => {
  test.for(completeStreams)('$maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = Uint8Array.from(bytesOf(stream))
    flipBits(bytes, recordsOf(bytes), Math.max(leastFlips, Math.min(4000, Math.floor(bytesPerStream / bytes.length))))
  })

  test.for(completeStreams)('in big-endian order: $maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    if (bytesOf(stream).length > 150_000) return
    const bytes = asBigEndian(bytesOf(stream))
    flipBits(bytes, recordsOf(bytes, false), leastFlips)
  })

  test.for(['fuse-incr-empty-delta.zfs', 'incr-i-empty-delta.zfs'])('every single one of %s', (name, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = Uint8Array.from(bytesOf(completeStreams.find((stream) => stream.name === name)!))
    const records = recordsOf(bytes)
    for (let bit = 0; bit < 8 * bytes.length; bit++) flip(bytes, records, bit)
  })

  afterAll(printTable)
})

/** Half of the flips anywhere, so mostly in payloads; half in headers, and of these every fourth in a BEGIN or END. */
function flipBits(bytes: Uint8Array, records: readonly FoundRecord[], count: number): void {
  const random = new SeededRandom(bytes.length)
  const ends = records.filter(({ type }) => type === 'BEGIN' || type === 'END')
  for (let turn = 0; turn < count; turn++) {
    const among = turn % 8 === 1 ? ends : records
    const inHeader = 8 * among[random.below(among.length)]!.at + random.below(8 * 312)
    flip(bytes, records, turn % 2 === 0 ? random.below(8 * bytes.length) : inHeader)
  }
}

function flip(bytes: Uint8Array, records: readonly FoundRecord[], bit: number): void {
  const at = Math.floor(bit / 8)
  bytes[at]! ^= 1 << (bit % 8)
  const judge = new StreamJudge()
  judge.push(bytes)
  bytes[at]! ^= 1 << (bit % 8)
  const verdict = judge.finish()
  const record = records.findIndex(({ end }) => at < end)
  if (verdict.kind === 'complete' || verdict.kind === 'bytes') expect({ bit, kind: verdict.kind }).toBe('found')
  expectPlace(verdict, bytes, records, record, at)
  count(classOf(bytes, records, record, at), verdict)
}

/** Damage is never seen before it is there, and where every record has a checksum in the next record at the latest. */
function expectPlace(
  verdict: Verdict,
  bytes: Uint8Array,
  records: readonly FoundRecord[],
  index: number,
  at: number,
): void {
  if (!('offset' in verdict)) return
  const record = records[index]!
  const next = records[index + 1]
  const isEarly = verdict.offset < record.at
  const hasChecksums = next !== undefined && !isZero(bytes.subarray(next.at + 280, next.at + 312))
  // A damaged length leads astray.
  const isLate = hasChecksums && at >= record.payloadAt && verdict.offset !== next.at
  if (isEarly || isLate) expect({ at, record, next }).toEqual(verdict)
}

function classOf(bytes: Uint8Array, records: readonly FoundRecord[], index: number, at: number): Class {
  const { type, at: recordAt, payloadAt } = records[index]!
  const place = at - recordAt
  if (at >= payloadAt) return 'payload'
  if (index === 0 && (place < 4 || (place >= 8 && place < 16))) return 'opening'
  if (type !== 'END') return type !== 'BEGIN' && place >= 280 ? 'ownChecksum' : 'header'
  if (place >= 280) return 'endsOwn'
  if (records[index - 1]!.type === 'END' && index === records.length - 1) return 'lastEnd'
  return isZero(bytes.subarray(recordAt + 280, payloadAt)) ? 'endWithoutOwn' : 'header'
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

function count(where: Class, verdict: Verdict): void {
  const words = 'reason' in verdict ? wordsOf(verdict.reason) : 'not found'
  const counts = found.get(where) ?? new Map<string, number>()
  counts.set(words, (counts.get(words) ?? 0) + 1)
  found.set(where, counts)
}

/** A reason without what differs from stream to stream. */
function wordsOf(reason: string): string {
  const words = reason.replace(/guid \w+|of \w{16}\b/g, 'guid …').replace(/\b\d+\b/g, 'n')
  return words.replace(
    /\b(OBJECT|FREEOBJECTS|WRITE|FREE|WRITE_BYREF|SPILL|WRITE_EMBEDDED|OBJECT_RANGE|REDACT|type n)\b/g,
    'X',
  )
}

function printTable(): void {
  const lines = (Object.keys(classes) as Class[]).map((where) => {
    const counts = [...(found.get(where) ?? [])].toSorted((one, other) => other[1] - one[1])
    const total = counts.reduce((sum, [, times]) => sum + times, 0)
    return [`${classes[where]}: ${total} flips`, ...counts.map(([words, times]) => `  ${times} ${words}`)].join('\n')
  })
  console.log(`flipped bits, by what covers them (in brackets) and how they were found\n\n${lines.join('\n')}`)
}
