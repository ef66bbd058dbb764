import { describe, expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

describe('the pools themselves', () => {
  test('send and receive, without our programs', async ({ zfs }) => {
    const ended = await zfs.script(`
      zfs create "$A/data set"
      fill "a/data set" 5000000
      zfs snapshot "$A/data set@one"
      zfs send "$A/data set@one" | zfs receive "$B/copy"
      same "a/data set" b/copy`)
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('a difference between two folders is seen', async ({ zfs }) => {
    const ended = await zfs.script(`mkdir a/x b/x; echo 1 >a/x/f; echo 2 >b/x/f; ends 1 same a/x b/x`)
    expect(ended).toMatchObject({ status: 0, stderr: expect.stringContaining('f\n') })
  })
})
