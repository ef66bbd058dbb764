import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeRanges, LostRanges } from '../../../src/udp/one-way/lost-ranges.ts'
import { PatchFile } from '../../../src/udp/one-way/patch-file.ts'
import { readPatchHeader, writePatchHeader } from '../../../src/udp/one-way/patch-header.ts'
import { openPatch } from '../../../src/udp/one-way/patch-input.ts'
import { readRepairRequest, removeRepairRequest, writeRepairRequest } from '../../../src/udp/one-way/repair-request.ts'
import { readSeenFile, writeSeenFile } from '../../../src/udp/one-way/seen-file.ts'
import { temporaryFolder } from '../../fakes/folder.ts'
import { filled } from '../pair.ts'

const writer = { id: 'test-1', isGone: () => true }
const { signal } = new AbortController()
const unknown = { totalBytes: undefined, digest: undefined }

it('a request is read as it was written', async () => {
  const path = join(temporaryFolder(), 'missing')
  const ranges = [
    { from: 0, to: 1 },
    { from: 5, to: 900 },
    { from: 7_000_000_000, to: Number.POSITIVE_INFINITY },
  ]
  for (const missing of [
    { ...unknown, ranges },
    { totalBytes: 9, digest: '0123456789abcdef', ranges: [] },
  ]) {
    await writeRepairRequest(path, missing, writer)
    expect(await readRepairRequest(path)).toEqual(missing)
  }
})

it.each([
  '',
  'bytes 9',
  'bytes x\nxxh64 unknown',
  'bytes 9\nxxh64 12',
  'bytes 9\nxxh64 unknown\n3-2',
  'bytes 9\nxxh64 unknown\n-2',
  'bytes 9\nxxh64 unknown\n3-5\n5-6',
  'bytes 9\nxxh64 unknown\n3-\n5-6',
])('what is none is refused: %j', async (text) => {
  const path = join(temporaryFolder(), 'missing')
  writeFileSync(path, text)
  await expect(readRepairRequest(path)).rejects.toMatchObject({ kind: 'configuration' })
})

it('only a request is removed', async () => {
  const path = join(temporaryFolder(), 'precious')
  writeFileSync(path, 'my own')
  await removeRepairRequest(path)
  expect(readFileSync(path, 'utf8')).toBe('my own')
  await removeRepairRequest(`${path}-that-is-not-there`)
})

it('any ranges of a file come into another by a patch, in pieces of any size', () => {
  const folder = temporaryFolder()
  const content = filled(5000, 3)
  writeFileSync(join(folder, 'in'), content)
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { minLength: 2, maxLength: 12 })
  return fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 600 }), fc.boolean(), async (points, size, isAsked) => {
      const sorted = points.toSorted((a, b) => a - b)
      const ranges = sorted.flatMap((from, at) =>
        at % 2 === 0 && sorted[at + 1] ? [{ from, to: sorted[at + 1]! }] : [],
      )
      const damaged = Buffer.from(content)
      // A patch before may have brought a part of it.
      for (const { from, to } of ranges) damaged.fill(0, isAsked ? (from + to) >> 1 : from, to)
      writeFileSync(join(folder, 'out'), damaged)
      const { input, whole } = await openPatch(openSync(join(folder, 'in'), 'r'), { ...unknown, ranges }, [], signal)
      const file = await PatchFile.open(join(folder, 'out'), isAsked ? ranges : undefined)
      for (let count = size; count === size; ) {
        const piece = new Uint8Array(size)
        count = await input.fill(piece)
        await file.write(piece.subarray(0, count))
      }
      expect(file.missing).toEqual([])
      await file.verify(whole, [], signal)
      await expect(file.write(Uint8Array.of(1))).rejects.toMatchObject({ kind: 'protocol' })
      await file.close()
      expect(readFileSync(join(folder, 'out')).equals(content)).toBe(true)
    }),
    { numRuns: 60 },
  )
})

describe('a patch of another file changes nothing:', () => {
  const content = filled(1000, 3)

  /** Writes a patch that has 7s in these ranges into a file that lacks bytes 100 to 199, and 900 to its end. */
  async function patch(ranges: { from: number; to: number }[], asked?: { from: number; to: number }[]) {
    const path = join(temporaryFolder(), 'out')
    const before = Buffer.from(content.subarray(0, 900)).fill(0, 100, 200)
    writeFileSync(path, before)
    const file = await PatchFile.open(path, asked)
    const bytes = ranges.map(({ from, to }) => Buffer.alloc(to - from, 7))
    const written = file.write(Buffer.concat([writePatchHeader(ranges), ...bytes])).then(
      () => 'written',
      ({ kind, message }) => `${kind}: ${message.replace(path, 'out')}`,
    )
    const said = await written
    await file.close()
    return { said, isAsBefore: readFileSync(path).equals(before) }
  }

  it.each([
    [[{ from: 100, to: 200 }], undefined, 'written'],
    [[{ from: 900, to: 5000 }], undefined, 'written'],
    [[{ from: 901, to: 1000 }], undefined, 'data: the patch has bytes from 901 on, and out ends at 900'],
    [[{ from: 200, to: 300 }], undefined, 'data: byte 200 is not missing in out, and the patch has another one'],
    [[{ from: 120, to: 130 }], [{ from: 100, to: 130 }], 'written'],
    [
      [{ from: 500, to: 510 }],
      [{ from: 500, to: 510 }],
      'data: byte 500 is not missing in out, and the patch has another one',
    ],
    [[{ from: 120, to: 131 }], [{ from: 100, to: 130 }], 'data: the patch has bytes 120-130, which were not asked for'],
  ])('%j of %j', async (ranges, asked, said) => {
    expect(await patch(ranges, asked)).toEqual({ said, isAsBefore: said !== 'written' })
  })
})

it('a file that is written to while what is missing is read out of it is no source', async () => {
  const path = join(temporaryFolder(), 'in')
  writeFileSync(path, filled(900_000, 3))
  const ranges = [{ from: 0, to: 800_000 }]
  const { input } = await openPatch(openSync(path, 'r'), { ...unknown, ranges }, [], signal)
  expect(await input.fill(new Uint8Array(1000))).toBe(1000)
  writeFileSync(path, filled(900_000, 4))
  await expect(input.fill(new Uint8Array(1_000_000))).rejects.toMatchObject({ kind: 'data' })
})

it('a patch header that is too long, or not whole, is told', () => {
  const header = writePatchHeader([{ from: 3, to: 9 }])
  expect(readPatchHeader(header.subarray(0, -1))).toBeUndefined()
  expect(readPatchHeader(header)).toEqual({ ranges: [{ from: 3, to: 9 }], headerBytes: 16 })
  expect(() => readPatchHeader(Buffer.from('ffffffff', 'hex'))).toThrow(expect.objectContaining({ kind: 'protocol' }))
})

it('ranges are joined where they touch, and where there are too many', () => {
  const lost = new LostRanges()
  lost.add({ from: 0, to: 5 })
  lost.add({ from: 5, to: 6 })
  expect(lost.ranges).toEqual([{ from: 0, to: 6 }])
  for (let at = 10; at < 200_000; at += 10) lost.add({ from: at, to: at + 1 })
  expect(lost.ranges.length).toBe(10_000)
  expect(lost.ranges.at(-1)?.to).toBe(199_991)
  expect(describeRanges(lost.ranges, 2)).toBe('0-5, 10-10, 9998 more')
})

it('a time that was seen is not taken again, and what is no time is refused', async () => {
  const path = join(temporaryFolder(), 'seen')
  expect(await readSeenFile(path)).toBe(0)
  await writeSeenFile(path, 1_700_000_000_123, writer)
  expect(await readSeenFile(path)).toBe(1_700_000_000_124)
  writeFileSync(path, 'yesterday')
  await expect(readSeenFile(path)).rejects.toMatchObject({ kind: 'configuration' })
})
