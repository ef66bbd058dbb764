import { describe, expect, test } from 'vitest'
import { StreamJudge } from '../../../src/zfs/send-stream/judge.ts'
import { begun, guid } from '../../fakes/sample-stream.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'

const little = begun().end(guid).stream
const big = begun({ isLittleEndian: false }).end(guid).stream

function judge(bytes: Uint8Array) {
  const judged = new StreamJudge()
  judged.push(bytes)
  return { format: judged.format, kind: judged.finish().kind }
}

const changed = (stream: Uint8Array, at: number, byte: number) => Uint8Array.from(stream).fill(byte, at, at + 1)

describe('plain bytes are', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'undecided'],
    ['one byte', Uint8Array.of(1), 'undecided'],
    ['a few zeros', new Uint8Array(15), 'undecided'],
    ['zeros', new Uint8Array(1000), 'bytes'],
    ['text', Buffer.from('not a ZFS stream, though longer than a header of one: '.repeat(9)), 'bytes'],
    ['a gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8), 'bytes'],
    ['a stream from its second byte on', little.subarray(1), 'bytes'],
    ['a stream from its second record on', little.subarray(312), 'bytes'],
    ['a stream with two wrong bytes in the magic number', changed(changed(little, 9, 0), 10, 0), 'bytes'],
    ['a stream with a wrong type and magic number', changed(changed(little, 0, 5), 10, 0), 'bytes'],
  ])('%s', (_, bytes, format) => expect(judge(bytes)).toEqual({ format, kind: 'bytes' }))

  test('random ones', () => {
    const random = new SeededRandom(5)
    for (let round = 0; round < 2000; round++) expect(judge(random.bytes(4 + random.below(400))).kind).toBe('bytes')
  })
})

describe('with one wrong byte before its name a stream is damaged, not something else', () => {
  test.each([
    ['little', little],
    ['big', big],
  ])('%s-endian', (_, stream) => {
    for (const at of [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15]) {
      for (let byte = 0; byte < 256; byte++) {
        if (byte === stream[at]) continue
        expect(judge(changed(stream, at, byte))).toEqual({ format: 'zfs', kind: 'damaged' })
      }
    }
  })
})

describe('shorter than its first header', () => {
  test.each([
    ['little', little],
    ['big', big],
  ])('a %s-endian stream is truncated from its first byte on', (_, stream) => {
    for (let length = 0; length < 312; length++) {
      expect({ length, kind: judge(stream.subarray(0, length)).kind }).toEqual({
        length,
        kind: length === 0 ? 'bytes' : 'truncated',
      })
    }
  })

  test('a stream has no name yet', () => {
    const judged = new StreamJudge()
    judged.push(little.subarray(0, 311))
    const reason = "the record has 311 of its header's 312 bytes"
    expect(judged.finish()).toEqual({
      kind: 'truncated',
      offset: 311,
      record: 0,
      snapshot: '',
      reason,
      facts: undefined,
    })
    expect(judged.facts).toBeUndefined()
    judged.push(little.subarray(311, 312))
    expect(judged.facts).toMatchObject({ first: { name: 'tank/home@mon' }, recordCount: 1, byteCount: 312 })
  })
})
