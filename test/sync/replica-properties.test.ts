import { expect, it } from 'vitest'
import { newProperties, refusedProperties } from '../../src/sync/replica-properties.ts'
import { parseReceiveProperties } from '../../src/zfs/receive-properties.ts'

const usual = parseReceiveProperties([], [])

it('a replica is readonly, mounted by nobody, and known for its own', () => {
  expect(newProperties('filesystem', usual)).toEqual(['readonly=on', 'canmount=noauto', 'zfsync:received=on'])
  expect(newProperties('volume', usual)).toEqual(['readonly=on', 'zfsync:received=on'])
})

it('a stream brings nothing that acts beyond its dataset', () => {
  const space = ['reservation', 'refreservation']
  expect(refusedProperties('volume', usual)).toEqual(space)
  expect(refusedProperties('filesystem', usual)).toEqual(
    expect.arrayContaining(['mountpoint', 'sharenfs', 'sharesmb', 'quota', 'refquota', ...space]),
  )
})

it("the receiver's user may have it otherwise; a volume gets of it what it can have", () => {
  const wanted = parseReceiveProperties(
    ['mountpoint=/there', 'quota=50M', 'compression=lz4', 'com.example:by=a=b', 'zfsync:received=off'],
    ['readonly', 'atime', 'reservation'],
  )
  expect(newProperties('filesystem', wanted)).toEqual(
    ['canmount=noauto', 'mountpoint=/there', 'quota=50M', 'compression=lz4', 'com.example:by=a=b'].concat(
      'zfsync:received=on',
    ),
  )
  expect(newProperties('volume', wanted)).toEqual(['compression=lz4', 'com.example:by=a=b', 'zfsync:received=on'])
  const refused = ['reservation', 'refreservation', 'refquota', 'readonly', 'atime'].sort()
  expect([...refusedProperties('filesystem', wanted)].sort()).toEqual(['sharenfs', 'sharesmb', ...refused].sort())
  expect(refusedProperties('volume', wanted)).toEqual(['reservation', 'refreservation', 'readonly'])
})
