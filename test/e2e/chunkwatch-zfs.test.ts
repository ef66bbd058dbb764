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

test('where a disk was unmounted nothing is stored, and no chunk removed, until it is back', async ({ zfs }) => {
  const ended = await zfs.script(`
    mkdir chunks store; mount -t tmpfs disk store
    chunkwatch --settle 200ms chunks "file://$PWD/store" >/dev/null 2>said & watching=$!
    echo one >chunks/xaa
    while [ -e chunks/xaa ]; do sleep 0.1; done
    for try in $(seq 100); do umount store && break; sleep 0.1; done 2>/dev/null
    echo two >chunks/xab
    until grep -q "^chunkwatch: $PWD/store: is no mount point any more$" said; do sleep 0.1; done
    ls chunks/xab store
    mount -t tmpfs disk store
    while [ -e chunks/xab ]; do sleep 0.1; done
    cat store/xab
    kill $watching; ends 143 wait $watching`)
  expect(ended).toEqual({ status: 0, stdout: 'chunks/xab\n\nstore:\ntwo\n', stderr: '' })
})
