import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { type Inspection, inspectStream, type StreamFormat } from '../../../src/zfs/send-stream/inspection.ts'
import { begun, guid, withContent } from '../../fakes/sample-stream.ts'

const stream = withContent(begun()).end(guid).stream
const damaged = Uint8Array.from(stream).fill(7, 100_000, 100_001)
const text = Buffer.from('no stream, but long enough to be looked at\n'.repeat(9000))
const pieceBytes = 65_536

const compressors = ['gzip', 'zstd', 'lz4', 'xz'] as const

/** What an inspection throws, whenever it does. */
async function outcome(inspection: Inspection, bytes: Uint8Array): Promise<string> {
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) await inspection.look(bytes.subarray(at, at + pieceBytes))
    await inspection.finish()
    return 'passed'
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`
    throw error
  }
}

const notZfs = 'data: the input is no ZFS send stream'
// Ten headers and 2,544 bytes of payload stand before that payload.
const truncated =
  "data: the stream of tank/home@mon is truncated: it ends at byte 200000, in record 9: the WRITE record has 194336 of its payload's 1048576 bytes"

describe('a plain input', () => {
  test.each<[format: StreamFormat, what: string, bytes: Uint8Array, expected: string]>([
    ['auto', 'a stream', stream, 'passed'],
    ['zfs', 'a stream', stream, 'passed'],
    ['auto', 'a cut stream', stream.subarray(0, 200_000), truncated],
    ['zfs', 'a cut stream', stream.subarray(0, 200_000), truncated],
    ['bytes', 'a cut stream', stream.subarray(0, 200_000), 'passed'],
    ['bytes', 'a damaged stream', damaged, 'passed'],
    ['auto', 'text', text, 'passed'],
    ['zfs', 'text', text, notZfs],
    ['auto', 'nothing', new Uint8Array(0), 'passed'],
    ['zfs', 'nothing', new Uint8Array(0), notZfs],
    [
      'auto',
      'a cut header',
      stream.subarray(0, 300),
      "data: the stream is truncated: it ends at byte 300, in record 0: the record has 300 of its header's 312 bytes",
    ],
  ])('as %s: %s', async (format, _, bytes, expected) => {
    expect(await outcome(inspectStream(format), bytes)).toBe(expected)
  })

  test('that is damaged stops where it is seen', async () => {
    const inspection = inspectStream('auto')
    expect(await outcome(inspection, damaged)).toMatch(
      /^data: the stream of tank\/home@mon is damaged at byte \d+, in record 10: the WRITE_EMBEDDED record's checksum does not match$/,
    )
    expect(inspection.facts?.byteCount).toBeLessThan(stream.length)
  })

  test('says what it is on the way', async () => {
    const inspection = inspectStream('auto')
    expect(inspection.facts).toBeUndefined()
    await inspection.look(stream.subarray(0, 312))
    expect(inspection.facts?.first.name).toBe('tank/home@mon')
  })

  test('that is none can be given its own failure', async () => {
    const notZfs = new Failure('usage', 'give me a stream')
    expect(await outcome(inspectStream('zfs', { notZfs }), text)).toBe('usage: give me a stream')
  })
})

describe.each(compressors)('an input compressed with %s', (name) => {
  const compressed = (bytes: Uint8Array) => new Uint8Array(spawnSync(name, ['-c'], { input: bytes }).stdout)
  const isHere = spawnSync(name, ['--version']).error === undefined

  test('is looked into as zfs', async (context) => {
    if (!isHere) context.skip(`${name} is not installed`)
    const inspection = inspectStream('zfs')
    expect(await outcome(inspection, compressed(stream))).toBe('passed')
    expect(inspection.facts).toMatchObject({ first: { name: 'tank/home@mon' }, byteCount: stream.length })
  })

  test('is not taken for a stream that it is not', async (context) => {
    if (!isHere) context.skip(`${name} is not installed`)
    expect(await outcome(inspectStream('zfs'), compressed(text))).toBe(notZfs)
  })

  test('is refused if what is in it is cut or damaged', async (context) => {
    if (!isHere) context.skip(`${name} is not installed`)
    expect(await outcome(inspectStream('zfs'), compressed(stream.subarray(0, 200_000)))).toBe(truncated)
    expect(await outcome(inspectStream('zfs'), compressed(damaged))).toMatch(/^data: .* is damaged at byte/)
  })

  test('is refused if it is cut itself', async (context) => {
    if (!isHere) context.skip(`${name} is not installed`)
    const whole = compressed(stream)
    for (const bytes of [whole.length - 1, whole.length >> 1, 20]) {
      expect(await outcome(inspectStream('zfs'), whole.subarray(0, bytes))).toMatch(/^data: /)
    }
  })

  test('passes as auto, whatever is in it', async (context) => {
    if (!isHere) context.skip(`${name} is not installed`)
    expect(await outcome(inspectStream('auto'), compressed(damaged))).toBe('passed')
  })
})
