import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Begin } from '../../../src/zfs/send-stream/begin.ts'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import type { StreamFacts } from '../../../src/zfs/send-stream/verdict.ts'
import { bytesOf, completeStreams, recordedStreams, whyNoStreams } from '../../fakes/recorded-streams.ts'

const bits: Readonly<Record<string, number>> = {
  dedup: 0,
  dedupprops: 1,
  'sa-spill': 2,
  'embed-data': 16,
  lz4: 17,
  'large-blocks': 19,
  resuming: 20,
  redacted: 21,
  compressed: 22,
  'large-dnode': 23,
  raw: 24,
  zstd: 25,
  holds: 26,
}

/** Types that zstream(8) counts in its total alone. */
const unlisted = ['OBJECT_RANGE', 'REDACT']

function judge(bytes: Uint8Array) {
  const begins: Begin[] = []
  const judged = new StreamJudge((begin) => begins.push(begin))
  judged.push(bytes)
  return { judged, snapshots: begins.map(({ snapshot }) => snapshot), verdict: judged.finish() }
}

test('there are 59 of them', () => expect(recordedStreams.length).toBe(59))

describe('recorded streams are what their manifest says', () => {
  test.for(completeStreams)('$maker $name', (stream, context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(stream)
    const manifest = stream.manifest!
    const { judged, snapshots, verdict } = judge(bytes)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest['sha256'])
    if (verdict.kind !== 'complete') throw new Error(`it is ${verdict.kind}`)
    const { facts } = verdict
    const isPackage = manifest['hdrtype'] === '2'
    expect(facts.kind).toBe(isPackage ? 'package' : 'simple')
    expect(facts.byteCount).toBe(Number(manifest['stream_bytes']))
    expect(facts.snapshotCount).toBe(snapshots.length - (isPackage ? 1 : 0))
    expect(snapshots.map(({ guid }) => withoutZeros(guid)).join()).toBe(manifest['toguid'])
    expect(snapshots.map(({ fromGuid = '0' }) => withoutZeros(fromGuid)).join()).toBe(manifest['fromguid'])
    expect(facts.first.name).toBe(manifest['toname'])
    expect(hexOf(snapshots[0]!.features)).toBe(manifest['features_hex'])
    // zstream(8) does not read this one, zfs receive does.
    if (stream.name !== 'long-name.zfs') expectCounts(judged, facts, manifest['summary']!)
  })
})

describe('a package is about', () => {
  test.for([
    [
      'R-incr-I.zfs',
      { name: 'p/a@r3', guid: 'baacfa457f85700e', fromGuid: 'a45cb216d55458f6', features: ['sa-spill'] },
    ],
    ['R-holds.zfs', { name: 'p/a@r1', guid: '2b211f6b5b1f6c96', features: ['holds', 'sa-spill'] }],
    ['full-files-props.zfs', { name: 'p/a@s1', guid: 'a45cb216d55458f6', features: ['sa-spill'] }],
    ['fuse-incr-I.zfs', { name: 'cp/a@s4', guid: '5e8949dd881354fd', fromGuid: 'b16b32ea71cc8e1d', features: [] }],
  ] as const)('the snapshot of its name, from the source of the first: %s', ([name, expected], context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const { verdict, snapshots } = judge(bytesOf(recordedStreams.find((stream) => stream.name === name)!))
    const own = snapshots.findLast((snapshot) => snapshot.name === expected.name)!
    expect(verdict).toMatchObject({ kind: 'complete', facts: { kind: 'package' } })
    expect('facts' in verdict && verdict.facts?.first).toEqual({ ...expected, creationTime: own.creationTime })
    // The streams were recorded in November 2026.
    expect(new Date(own.creationTime * 1000).getUTCFullYear()).toBe(2026)
  })
})

describe('a stream without END is truncated where it ends', () => {
  test.for([
    ['saved-partial.zfs', { offset: 660_104, record: 13, reason: 'the END record is missing' }],
    ['resume-part1-truncated.bin', { record: 12, reason: "the WRITE record has 39896 of its payload's 131072 bytes" }],
  ] as const)('%s', ([name, expected], context) => {
    if (whyNoStreams !== undefined) context.skip(whyNoStreams)
    const bytes = bytesOf(recordedStreams.find((stream) => stream.name === name)!)
    expect(judge(bytes).verdict).toMatchObject({
      kind: 'truncated',
      offset: bytes.length,
      snapshot: 'p/L@1',
      ...expected,
    })
  })
})

function expectCounts(judged: StreamJudge, { byteCount, recordCount }: StreamFacts, summary: string): void {
  const { records, payload_size, stream_length, dump_rc, ...listed } = Object.fromEntries(
    summary.split(/ +/).map((word) => word.split('=') as [string, string]),
  )
  expect(dump_rc).toBe('0')
  expect(byteCount).toBe(Number(stream_length))
  expect(recordCount).toBe(Number(records))
  const seen = judged.counts.filter((count) => count.records > 0 && !unlisted.includes(count.type))
  expect(Object.fromEntries(seen.map((count) => [count.type, String(count.records)]))).toEqual(listed)
  expect(judged.counts.reduce((total, count) => total + count.records, 0)).toBe(recordCount)
  expect(judged.counts.reduce((total, count) => total + count.payloadBytes, 0)).toBe(Number(payload_size ?? 0))
}

function hexOf(features: readonly string[]): string {
  return features.reduce((flags, name) => flags + 2 ** bits[name]!, 0).toString(16)
}

function withoutZeros(guid: string): string {
  return guid.replace(/^0+(?=.)/, '')
}
