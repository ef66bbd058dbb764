import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

test('zfs send through split, chunkwatch and back into zfs receive: the same files', async ({ zfs }) => {
  const ended = await zfs.script(`
    zfs create $A/data; fill a/data 8000000; zfs snapshot $A/data@one; mkdir chunks store
    chunkwatch -q --until-end --settle 300ms chunks "file://$PWD/store" & watching=$!
    zfs send $A/data@one | split -b 1M - chunks/x
    wait $watching
    chunkwatch --join "file://$PWD/store" | zfs receive $B/copy; same a/data b/copy
  `)
  expect(ended).toEqual({ status: 0, stdout: '', stderr: '' })
})
