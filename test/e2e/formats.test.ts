import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

// Written by the first release, and never again: what it stored and sent must be understood for ever.
const vectors = join(import.meta.dirname, '../vectors/formats-1')
const sums = `echo '5c7bc3125e749f195433a903bcffdcf7  b/d/text
3cf29afdc796e0ad36ada4abf96f3ac0  b/d/below/text' >sums`
const guids = 'zfs get -Hp -r -o value guid $B/d | LC_ALL=C sort'

test('a store and chunks of the first release are restored, judged and joined', async ({ zfs }) => {
  const ended = await zfs.script(`cp -r ${vectors} old
    zsnap status --warn-age 99999d --crit-age 99999d --store file://$PWD/old/store tank/d | sed -n 's/ *| */|/g; /^one|\\|^two|/p' | cut -d '|' -f 1-4
    zsnap verify -q --deep --store file://$PWD/old/store >/dev/null
    zsnap restore -q --store file://$PWD/old/store --to $B/d tank/d@two
    zfs mount $B/d 2>/dev/null || true
    ${sums}; head -1 sums | md5sum --quiet -c
    chunkwatch --join file://$PWD/old/chunks | cmp - old/store/tank/d@one
    pget file://$PWD/old/store/tank/d@one | cmp - old/store/tank/d@one`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(ended.stdout).toBe('one||full|ok\ntwo|one|incremental|ok\n')
})

test('streams of a tree as the first release sent them are received', async ({ zfs }) => {
  const ended = await zfs.script(`zfsync-recv -q $B/d <${vectors}/zfsync/stream
    for each in $B/d $B/d/below; do zfs mount $each 2>/dev/null || true; done
    ${sums}; md5sum --quiet -c sums
    ${guids}
    # One who has what it had then is sent the rest by us.
    zfs create $A/d; fill a/d 100000; zfs snapshot $A/d@s; zfsync-send -q --have ${vectors}/zfsync/have $A/d | zfsync-recv -q $B/e
    zfs list -H -o name -r -t snapshot $B/e`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  for (const guid of ['9077610231475710487', '17707825801505735636', '3886464497284272931', '16684076177680590423']) {
    expect(ended.stdout).toContain(guid)
  }
  expect(ended.stdout).toMatch(/^pool-b\/e@s$/m)
})
