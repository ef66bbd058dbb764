import { expect, it } from 'vitest'
import { estimateSend } from '../../src/zfs/estimate-send.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

it('is what zfs says', async () => {
  putZfsInPath(String.raw`printf 'full\ttank@a\t46336\nsize\t46336\n'`)
  expect(await estimateSend(['tank@a'])).toBe(46336)
})

it.each(["invalid option 'n'", "warning: cannot estimate space for 'tank@a': Operation not supported"])(
  'is unknown where zfs says: %s',
  async (said) => {
    putZfsInPath(`echo "${said}" >&2; exit 1`)
    expect(await estimateSend(['tank@a'])).toBeUndefined()
  },
)

it.each([
  ["cannot open 'tank@a': dataset does not exist", 'unavailable'],
  ["cannot send 'tank@a': permission denied", 'permission'],
])('fails as the sending would: %s', async (said, kind) => {
  putZfsInPath(`echo "${said}" >&2; exit 1`)
  await expect(estimateSend(['tank@a'])).rejects.toMatchObject({ kind, message: `zfs: ${said}` })
})
