import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { ChecksumChooser, type ProvenBy } from '../../../src/store/s3/checksum-choice.ts'
import type { PartChecksum } from '../../../src/store/s3/part-checksum.ts'
import { answerOf } from './sdk-errors.ts'

/** A store that refuses some checksums and looks at others. */
function fakeStore(refused: readonly PartChecksum[], provenBy: ProvenBy) {
  const seen: string[] = []
  const store = async (name: PartChecksum, isTrial: boolean) => {
    seen.push(`${name}${isTrial ? '?' : ''}`)
    await new Promise(setImmediate)
    if (refused.includes(name)) throw new Failure('unavailable', 'x', { cause: answerOf(501, 'NotImplemented') })
    return name
  }
  return { seen, store, prove: async () => provenBy }
}

describe('auto', () => {
  test.each([
    [[], 'checksum', ['crc64nvme?', 'crc64nvme', 'crc64nvme']],
    [['crc64nvme'], 'checksum', ['crc64nvme?', 'crc32c?', 'crc32c', 'crc32c']],
    [['crc64nvme', 'crc32c'], 'checksum', ['crc64nvme?', 'crc32c?', 'md5?', 'md5', 'md5']],
    [[], 'etag', ['crc64nvme?', 'md5', 'md5']],
    [[], 'nothing', ['crc64nvme?', 'md5?', 'md5', 'md5']],
  ] as const)('a store that refuses %o and proves by %s', async (refused, provenBy, expected) => {
    const chooser = new ChecksumChooser('auto')
    const { seen, store, prove } = fakeStore(refused, provenBy)
    await Promise.all([1, 2, 3].map(() => chooser.run(store, prove)))
    expect(seen).toEqual(expected)
  })

  test('a failure that is no refusal is one', async () => {
    const chooser = new ChecksumChooser('auto')
    const failure = new Failure('permission', 'x', { cause: answerOf(403, 'AccessDenied') })
    const store = () => Promise.reject(failure)
    const runs = [1, 2].map(() => chooser.run(store, async () => 'checksum'))
    for (const run of runs) await expect(run).rejects.toBe(failure)
  })
})

test('what was told is not tried', async () => {
  const { seen, store, prove } = fakeStore([], 'nothing')
  await new ChecksumChooser('crc32').run(store, prove)
  expect(seen).toEqual(['crc32'])
})
