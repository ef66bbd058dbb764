import { expect, test } from 'vitest'
import { datasetExists } from '../../src/zfs/list-datasets.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

const saying = (words: string) => putZfsInPath(`echo "cannot open 'tank/a': ${words}" >&2; exit 1`)

test.each(['dataset does not exist', 'no such pool'])('is not there: %s', async (words) => {
  saying(words)
  expect(await datasetExists('tank/a')).toBe(false)
})

test.each(['I/O error', 'pool I/O is currently suspended', 'permission denied'])(
  'of which nobody can tell, passes for nothing that is missing: %s',
  async (words) => {
    saying(words)
    await expect(datasetExists('tank/a')).rejects.toThrow(words)
  },
)
