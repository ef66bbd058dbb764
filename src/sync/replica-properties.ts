import type { ReceiveProperties } from '../zfs/receive-properties.ts'
import type { SyncDataset } from './inventory.ts'

// Nobody writes into a replica, and it is mounted where somebody mounts it.
const usual = { volume: ['readonly'], filesystem: ['readonly', 'canmount'] } as const
const usualValues = { readonly: 'on', canmount: 'noauto' } as const

// What a stream could bring to act upon the receiver outside of the dataset, or to keep its own streams from arriving.
const dangerous = {
  volume: ['reservation', 'refreservation'],
  filesystem: ['mountpoint', 'sharenfs', 'sharesmb', 'reservation', 'refreservation', 'quota', 'refquota'],
} as const

// Those that zfs sets on no volume, and fails on.
const ofFilesystemsAlone: ReadonlySet<string> = new Set([
  ...['aclinherit', 'aclmode', 'acltype', 'atime', 'canmount', 'devices', 'dnodesize', 'exec', 'filesystem_limit'],
  ...['jailed', 'mountpoint', 'nbmand', 'overlay', 'quota', 'recordsize', 'refquota', 'relatime', 'setuid', 'sharenfs'],
  ...['sharesmb', 'snapdir', 'special_small_blocks', 'vscan', 'xattr', 'zoned'],
])

/** What a new dataset gets, as `name=value`: of what was asked for, what it can have. */
export function newProperties(type: SyncDataset['type'], { set, refused }: ReceiveProperties): readonly string[] {
  const all = new Map<string, string>(usual[type].map((name) => [name, usualValues[name]]))
  for (const [name, value] of set) if (type === 'filesystem' || !ofFilesystemsAlone.has(name)) all.set(name, value)
  for (const name of refused) all.delete(name)
  // How zfsync knows its own.
  all.set('zfsync:received', 'on')
  return [...all].map(([name, value]) => `${name}=${value}`)
}

/** What is not taken from a stream. */
export function refusedProperties(type: SyncDataset['type'], { set, refused }: ReceiveProperties): readonly string[] {
  return [...new Set([...dangerous[type], ...refused])].filter(
    (name) => !set.has(name) && (type === 'filesystem' || !ofFilesystemsAlone.has(name)),
  )
}
