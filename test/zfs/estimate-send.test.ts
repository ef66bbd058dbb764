import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { estimateSend } from '../../src/zfs/estimate-send.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const path = process.env['PATH']
let folder: string
beforeEach(() => {
  folder = temporaryFolder()
  process.env['PATH'] = `${folder}:${path}`
})
afterEach(() => {
  process.env['PATH'] = path
})

function zfs(script: string): void {
  writeFileSync(join(folder, 'zfs'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'zfs'), 0o755)
}

it('is what zfs says', async () => {
  zfs(String.raw`printf 'full\ttank@a\t46336\nsize\t46336\n'`)
  expect(await estimateSend(['tank@a'])).toBe(46336)
})

it.each(["invalid option 'n'", "warning: cannot estimate space for 'tank@a': Operation not supported"])(
  'is unknown where zfs says: %s',
  async (said) => {
    zfs(`echo "${said}" >&2; exit 1`)
    expect(await estimateSend(['tank@a'])).toBeUndefined()
  },
)

it.each([
  ["cannot open 'tank@a': dataset does not exist", 'unavailable'],
  ["cannot send 'tank@a': permission denied", 'permission'],
])('fails as the sending would: %s', async (said, kind) => {
  zfs(`echo "${said}" >&2; exit 1`)
  await expect(estimateSend(['tank@a'])).rejects.toMatchObject({ kind, message: `zfs: ${said}` })
})
