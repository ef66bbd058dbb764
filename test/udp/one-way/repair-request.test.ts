import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
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
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 600 }), async (points, size) => {
      const sorted = points.toSorted((a, b) => a - b)
      const ranges = sorted.flatMap((from, at) =>
        at % 2 === 0 && sorted[at + 1] ? [{ from, to: sorted[at + 1]! }] : [],
      )
      const damaged = Buffer.from(content)
      for (const { from, to } of ranges) damaged.fill(0xee, from, to)
      writeFileSync(join(folder, 'out'), damaged)
      const { input, whole } = await openPatch(openSync(join(folder, 'in'), 'r'), { ...unknown, ranges }, [], signal)
      const file = await PatchFile.open(join(folder, 'out'))
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
