import { expect, test } from 'vitest'
import { combineCrcs } from '../../../src/store/s3/combined-crc.ts'
import { digestOf } from '../../../src/store/s3/part-checksum.ts'
import { randomBytes } from '../../fakes/inputs.ts'

const lengths = [1, 100_000, 100_000, 100_000, 5, 0, 12_345]

test.each(['crc64nvme', 'crc32c', 'crc32'] as const)('the %s of parts is that of the whole', async (name) => {
  const whole = randomBytes(lengths.reduce((a, b) => a + b))
  let offset = 0
  const parts = lengths.map((length) => {
    offset += length
    return whole.subarray(offset - length, offset)
  })
  const checksums = await Promise.all(
    parts.map(async (part) => ({ bytes: part.length, checksum: await digestOf(name, part) })),
  )
  expect(combineCrcs(name, checksums)).toBe(await digestOf(name, whole))
  expect(combineCrcs(name, checksums.toReversed())).not.toBe(await digestOf(name, whole))
})

test('ten thousand parts take no time', async () => {
  const parts = Array.from({ length: 10_000 }, (_, index) => ({ bytes: 2 ** 23, checksum: (index + 1).toString(16) }))
  const began = performance.now()
  combineCrcs('crc64nvme', parts)
  expect(performance.now() - began).toBeLessThan(2000)
})
