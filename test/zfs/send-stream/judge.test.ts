import { describe, expect, test } from 'vitest'
import type { Begin } from '../../../src/zfs/send-stream/begin.ts'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import { begun, everyContent, guid, samplePackage, withContent } from '../../fakes/sample-stream.ts'
import { StreamWriter, type WriterOptions, type WrittenRecord } from '../../fakes/send-stream-writer.ts'

function judge(stream: Uint8Array) {
  const begins: Begin[] = []
  const judged = new StreamJudge((begin) => begins.push(begin))
  judged.push(stream)
  return { ...judged.finish(), judged, begins }
}

const senders: readonly WriterOptions[] = [true, false].flatMap((isLittleEndian) =>
  [true, false].map((hasOwnChecksums) => ({ isLittleEndian, hasOwnChecksums })),
)

describe.each(senders)('a sender with %o', (sender) => {
  test('is understood in every type of record', () => {
    const { stream } = withContent(begun(sender)).end(guid)
    const { judged, ...verdict } = judge(stream)
    expect(verdict).toMatchObject({
      kind: 'complete',
      facts: {
        kind: 'simple',
        first: { name: 'tank/home@mon', guid: '0123456789abcdef', features: [], creationTime: 1_700_000_000 },
        snapshotCount: 1,
        recordCount: everyContent.length + 2,
        byteCount: stream.length,
      },
    })
    expect(judged.counts).toEqual(
      [
        ['BEGIN', 1, 0],
        ['OBJECT', 3, 496],
        ['FREEOBJECTS', 1, 0],
        ['WRITE', 3, 1_050_624],
        ['FREE', 1, 0],
        ['END', 1, 0],
        ['WRITE_BYREF', 1, 0],
        ['SPILL', 2, 1536],
        ['WRITE_EMBEDDED', 1, 48],
        ['OBJECT_RANGE', 1, 0],
        ['REDACT', 1, 0],
      ].map(([type, records, payloadBytes]) => ({ type, records, payloadBytes })),
    )
  })

  test('is understood in packages', () => {
    const { begins, ...verdict } = judge(samplePackage(sender).stream)
    const streams = [
      { name: 'tank/home@mon', guid: '0123456789abcdef', features: [], creationTime: 1_700_000_000 },
      {
        name: 'tank/home@tue',
        guid: '000000000000beef',
        fromGuid: '0123456789abcdef',
        features: ['compressed'],
        creationTime: 1_700_000_000,
      },
    ]
    expect(verdict).toMatchObject({ kind: 'complete', facts: { kind: 'package', snapshotCount: 2 } })
    expect('facts' in verdict && verdict.facts?.first).toEqual({ ...streams[1], fromGuid: undefined })
    expect(begins.slice(1)).toEqual(
      streams.map((snapshot) => ({ header: 'substream', isClone: false, dataset: 'filesystem', snapshot })),
    )
    expect(begins[0]).toMatchObject({
      header: 'package',
      snapshot: { name: 'tank/home@tue', guid: '0000000000000000' },
    })
  })
})

describe('a package', () => {
  test('of both byte orders is read', () => {
    const [little, big] = [true, false].map((isLittleEndian) => ({ isLittleEndian }))
    const parts = [
      new StreamWriter(little).packageHeader('tank/home@mon', new Uint8Array(8)).stream,
      withContent(begun(big)).end(guid).stream,
      withContent(begun(little)).end(guid).stream,
    ]
    for (const last of [new StreamWriter(big).packageEnd(), new StreamWriter(big).record({ type: 'END' })]) {
      const verdict = judge(Buffer.concat([...parts, last.stream]))
      expect(verdict).toMatchObject({ kind: 'complete', facts: { snapshotCount: 2 } })
    }
  })

  // zstream(8) redup and its kin write a checksum there, of this record alone.
  test('may have a checksum in its last END', () => {
    const package_ = samplePackage().stream
    const last = new StreamWriter().record({ type: 'END' }).stream
    const rewritten = Buffer.concat([package_.subarray(0, -312), last])
    expect(rewritten.equals(package_)).toBe(false)
    expect(judge(rewritten).kind).toBe('complete')
    rewritten[rewritten.length - 1]! ^= 1
    expect(judge(rewritten)).toMatchObject({ kind: 'damaged', reason: "the last END record's checksum does not match" })
  })

  // zfs send -R ends a package in good order though it could not send its first stream.
  test('without the stream that it is named after is damaged', () => {
    const reason = 'the package ends without the stream of a@1'
    const empty = new StreamWriter().packageHeader('a@1', new Uint8Array(0)).packageEnd().stream
    expect(judge(empty)).toMatchObject({ kind: 'damaged', offset: 624, record: 2, reason })
    const others = withContent(new StreamWriter().packageHeader('a@1', new Uint8Array(0)).begin('a@0', guid))
      .end(guid)
      .packageEnd()
    expect(judge(others.stream)).toMatchObject({ kind: 'damaged', offset: others.stream.length - 312, reason })
  })

  test('without its last END is truncated', () => {
    const { stream } = samplePackage()
    const reason = "the package's last END record is missing"
    expect(judge(stream.subarray(0, -312))).toMatchObject({ kind: 'truncated', offset: stream.length - 312, reason })
  })
})

describe('damaged is what', () => {
  const write: WrittenRecord = { type: 'WRITE', fields: { 8: 2, 32: 512, 40: guid }, payload: new Uint8Array(512) }
  const begin = (fields: Record<number, number | bigint>, name = 'a@1') =>
    new StreamWriter().begin(name, guid, { fields }).stream
  const list = new Uint8Array(8)
  const impossible = (type: string, bytes: number) =>
    `a payload of ${bytes} bytes is impossible in a record of type ${type}`
  const ofLength = (type: 'WRITE' | 'OBJECT' | 'SPILL' | 'WRITE_EMBEDDED', at: number, bytes: number | bigint) =>
    begun().record({ type, fields: { [at]: bytes } }).stream

  test.each<[why: string, stream: Uint8Array, reason: string, bytesOfTheLastRecord?: number]>([
    ['has a record of no known type', begun().record({ type: 11 }).stream, 'a record of type 11 is not known'],
    [
      'has content outside of a stream',
      new StreamWriter().packageHeader('a@1', list).record(write).stream,
      'a record of type WRITE cannot stand between the streams of a package',
      824,
    ],
    [
      'begins in the midst of a stream',
      begun().record(write).begin('a@2', 1n).stream,
      'a record of type BEGIN cannot stand before the END of a stream',
    ],
    [
      'has a package within a package',
      new StreamWriter().packageHeader('a@1', list).packageHeader('a@2', list).stream,
      'a record of type BEGIN cannot stand between the streams of a package',
      632,
    ],
    [
      'has content in the package header',
      new StreamWriter().begin('a@1', 0n, { fields: { 16: 2 } }).record(write).stream,
      "a record of type WRITE cannot stand between a package's list and its END",
      824,
    ],
    [
      'ends with another guid',
      begun().end(guid + 1n).stream,
      'the END record is of guid 0123456789abcdf0, the BEGIN record of 0123456789abcdef',
    ],
    ['has a BEGIN without a name', begin({}, ''), 'the BEGIN record names no snapshot'],
    ['has a BEGIN with the name of a dataset', begin({}, 'tank/home'), 'the BEGIN record names no snapshot'],
    ['has a name that a terminal would obey', begin({}, 'tank/\u001b[2J@1'), 'the BEGIN record names no snapshot'],
    ['has an unknown header type', begin({ 16: 3 }), "the BEGIN record's header type 3 is not known"],
    ['has a WRITE larger than a block', ofLength('WRITE', 32, 16_777_220), impossible('WRITE', 16_777_220)],
    ['has a WRITE of half a word', ofLength('WRITE', 32, 510), impossible('WRITE', 510)],
    ['has a WRITE of more than 2^53', ofLength('WRITE', 32, 2n ** 63n), impossible('WRITE', 2 ** 63)],
    ['has an OBJECT larger than a dnode', ofLength('OBJECT', 28, 16_385), impossible('OBJECT', 16_392)],
    ['has a SPILL larger than a block', ofLength('SPILL', 16, 16_777_216 + 512), impossible('SPILL', 16_777_728)],
    ['embeds more than a block pointer holds', ofLength('WRITE_EMBEDDED', 52, 113), impossible('WRITE_EMBEDDED', 120)],
    [
      'has a list of gigabytes',
      new StreamWriter().record({
        type: 'BEGIN',
        name: 'a@1',
        fields: { 8: 0x2f5bacbacn, 16: 2 },
        payloadLength: 2 ** 31,
      }).stream,
      impossible('BEGIN', 2 ** 31),
    ],
  ])('%s', (_, stream, reason, lastBytes = 312) => {
    expect(judge(stream)).toMatchObject({ kind: 'damaged', offset: stream.length - lastBytes, reason })
  })

  test('is found at once, and nothing after it is looked at', () => {
    const judged = new StreamJudge()
    judged.push(begun().record(write).stream)
    expect(judged.damage).toBeUndefined()
    judged.push(new Uint8Array(312).fill(0xff))
    const damage = { kind: 'damaged', offset: 2 * 312 + 512, record: 2, snapshot: 'tank/home@mon' }
    expect(judged.damage).toMatchObject({ ...damage, reason: "the unknown record's checksum does not match" })
    const facts = judged.facts
    judged.push(begun().stream)
    expect(judged.facts).toEqual(facts)
    expect(judged.finish()).toEqual(judged.damage)
  })
})

describe('offsets beyond 4 GiB', () => {
  test('are exact', () => {
    const block = new Uint8Array(16 * 1024 * 1024)
    const write = new StreamWriter({ hasOwnChecksums: false }).record({
      type: 'WRITE',
      fields: { 32: block.length },
    }).stream
    const judged = new StreamJudge()
    judged.push(begun({ hasOwnChecksums: false }).stream)
    for (let record = 0; record < 260; record++) {
      judged.push(write)
      judged.push(block)
    }
    const offset = 312 + 260 * (312 + block.length)
    expect(offset).toBeGreaterThan(2 ** 32)
    expect(judged.finish()).toMatchObject({
      kind: 'truncated',
      offset,
      record: 261,
      reason: 'the END record is missing',
    })
    judged.push(new Uint8Array(312).fill(1))
    expect(judged.damage).toMatchObject({ kind: 'damaged', offset, record: 261 })
  })
})
