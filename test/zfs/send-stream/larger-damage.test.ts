import { describe, expect, test } from 'vitest'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import { bytesOf, completeStreams, type RecordedStream, whyNoStreams } from '../../fakes/recorded-streams.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { type FoundRecord, recordsOf } from '../../fakes/stream-records.ts'

const rounds = 30
const sector = 512

type Change = (bytes: Uint8Array, random: SeededRandom, records: readonly FoundRecord[]) => Uint8Array

/** What disks, networks and scripts do to a file. */
const changes: Readonly<Record<string, Change>> = {
  'sectors of zeros': (bytes, random) => {
    const at = sector * random.below(bytes.length / sector)
    return Uint8Array.from(bytes).fill(0, at, at + sector * (1 + random.below(16)))
  },
  'a sector of garbage': (bytes, random) => {
    const result = Uint8Array.from(bytes)
    result.set(random.bytes(Math.min(sector, bytes.length)), random.below(Math.max(1, bytes.length - sector)))
    return result
  },
  'two sectors exchanged': (bytes, random) => {
    const result = Uint8Array.from(bytes)
    const [one, other] = [0, 0].map(() => sector * random.below(bytes.length / sector - 1)) as [number, number]
    result.set(bytes.subarray(other, other + sector), one)
    result.set(bytes.subarray(one, one + sector), other)
    return result
  },
  'bytes lost': (bytes, random) => {
    const at = random.below(bytes.length - 1)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(5000))])
  },
  'bytes inserted': (bytes, random) => {
    const at = random.below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(700)), bytes.subarray(at)])
  },
  'a record lost': (bytes, random, records) => {
    const { at, end } = records[1 + random.below(records.length - 1)]!
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
  },
  'a record twice': (bytes, random, records) => {
    const { at, end } = records[random.below(records.length)]!
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
  },
  'two records exchanged': (bytes, random, records) => {
    const index = random.below(records.length - 1)
    const [one, other] = [records[index]!, records[index + 1]!]
    const exchanged = [bytes.subarray(other.at, other.end), bytes.subarray(one.at, one.end)]
    return Buffer.concat([bytes.subarray(0, one.at), ...exchanged, bytes.subarray(other.end)])
  },
}

function kindOf(bytes: Uint8Array): string {
  const judge = new StreamJudge()
  judge.push(bytes)
  return judge.finish().kind
}

describe.each(Object.entries(changes))('%s', (_, change) => {
  test('are found in every stream', (context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const random = new SeededRandom(31)
    const changed = completeStreams.reduce((sum, stream) => sum + changeStream(stream, change, random), 0)
    expect(changed).toBeGreaterThan(completeStreams.length * (rounds / 2))
  })
})

/** Returns how often the stream became another one. */
function changeStream(stream: RecordedStream, change: Change, random: SeededRandom): number {
  const bytes = bytesOf(stream)
  const records = recordsOf(bytes)
  let changes = 0
  for (let round = 0; round < rounds; round++) {
    const changed = change(bytes, random, records)
    if (Buffer.compare(changed, bytes) === 0) continue
    const kind = kindOf(changed)
    const isFlawed = kind === 'damaged' || kind === 'truncated'
    if (!isFlawed && !isBeyondTelling(kind, changed, bytes)) expect({ stream: stream.name, round, kind }).toBe('flawed')
    changes++
  }
  return changes
}

/** Without its opening it is no stream any more; and END's own checksum may be lost as a whole: zero means none. */
function isBeyondTelling(kind: string, changed: Uint8Array, bytes: Uint8Array): boolean {
  if (kind === 'bytes') return Buffer.compare(changed.subarray(0, 16), bytes.subarray(0, 16)) !== 0
  const withoutChecksum = Uint8Array.from(bytes).fill(0, -32)
  return Buffer.compare(changed, withoutChecksum) === 0
}

// No checksum goes from one stream of a package to the next.
describe('in a package', () => {
  test('a whole stream is missed if the package is named after it, else neither that nor that it is there twice', (context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(named('R-full.zfs'))
    const seen = streamsIn(bytes).map(({ name, at, end }) => {
      const without = kindOf(Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]))
      return [name, without, kindOf(Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]))]
    })
    expect(seen).toEqual([
      ['p/a@s1', 'complete', 'complete'],
      ['p/a@s2', 'complete', 'complete'],
      ['p/a@s3', 'complete', 'complete'],
      ['p/a@s4', 'complete', 'complete'],
      ['p/a@r1', 'damaged', 'complete'],
      ['p/a/child1@r1', 'complete', 'complete'],
      ['p/a/child1/deep@r1', 'complete', 'complete'],
    ])
  })

  const packages = completeStreams.filter(({ manifest }) => manifest?.['hdrtype'] === '2')
  test.for(packages)('the stream that it is named after is missed: $maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(stream)
    const own = stream.manifest!['toname']!
    const { at, end } = streamsIn(bytes).find(({ name }) => name === own)!
    const judge = new StreamJudge()
    judge.push(bytes.subarray(0, at))
    judge.push(bytes.subarray(end))
    const [offset, reason] = [bytes.length - (end - at) - 312, `the package ends without the stream of ${own}`]
    expect(judge.finish()).toMatchObject({ kind: 'damaged', offset, reason })
  })
})

function named(name: string): RecordedStream {
  return completeStreams.find((stream) => stream.name === name)!
}

function streamsIn(bytes: Uint8Array): { name: string; at: number; end: number }[] {
  const records = recordsOf(bytes)
  const begins = records.filter(({ type, at }) => type === 'BEGIN' && (bytes[at + 16]! & 3) === 1)
  return begins.map(({ at }) => {
    const name = new TextDecoder().decode(bytes.subarray(at + 56, bytes.indexOf(0, at + 56)))
    return { name, at, end: records.find((record) => record.type === 'END' && record.at > at)!.end }
  })
}
