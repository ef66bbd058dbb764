import { Failure } from '../errors.ts'
import type { SyncDataset } from './inventory.ts'

/** What the receiver's user wants beyond what every replica has. */
export interface ReplicaProperties {
  /** Of new datasets. */
  readonly set: ReadonlyMap<string, string>
  /** Not taken from a stream: inherited on the receiver. */
  readonly refused: ReadonlySet<string>
}

// Nobody writes into a replica, and it is mounted where somebody mounts it.
const usual = { volume: ['readonly'], filesystem: ['readonly', 'canmount'] } as const
const usualValues = { readonly: 'on', canmount: 'noauto' } as const

// What a stream could bring to act upon the receiver outside of the dataset, or to keep its own streams from arriving.
const dangerous = {
  volume: ['reservation', 'refreservation'],
  filesystem: ['mountpoint', 'sharenfs', 'sharesmb', 'reservation', 'refreservation', 'quota', 'refquota'],
} as const

/** Reads `NAME=VALUE` and `NAME`. Throws 'usage' for what is none. */
export function parseReplicaProperties(set: readonly string[], refused: readonly string[]): ReplicaProperties {
  const pairs = set.map((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Failure('usage', `'${text}' is not PROPERTY=VALUE`)
    return [checkedName(name), value] as const
  })
  const given = { set: new Map(pairs), refused: new Set(refused.map(checkedName)) }
  const both = [...given.set.keys()].find((name) => given.refused.has(name))
  if (both === undefined) return given
  throw new Failure('usage', `${both} is both set and left out`)
}

function checkedName(name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name) || /^[a-z0-9_.-]*:[a-z0-9_.:-]+$/.test(name)) return name
  throw new Failure('usage', `'${name}' is no name of a property`)
}

// Those that zfs sets on no volume, and fails on.
const ofFilesystemsAlone: ReadonlySet<string> = new Set([
  ...['aclinherit', 'aclmode', 'acltype', 'atime', 'canmount', 'devices', 'dnodesize', 'exec', 'filesystem_limit'],
  ...['jailed', 'mountpoint', 'nbmand', 'overlay', 'quota', 'recordsize', 'refquota', 'relatime', 'setuid', 'sharenfs'],
  ...['sharesmb', 'snapdir', 'special_small_blocks', 'vscan', 'xattr', 'zoned'],
])

/** What a new dataset gets, as `name=value`: of what was asked for, what it can have. */
export function newProperties(type: SyncDataset['type'], { set, refused }: ReplicaProperties): readonly string[] {
  const all = new Map<string, string>(usual[type].map((name) => [name, usualValues[name]]))
  for (const [name, value] of set) if (type === 'filesystem' || !ofFilesystemsAlone.has(name)) all.set(name, value)
  for (const name of refused) all.delete(name)
  // How zfsync knows its own.
  all.set('zfsync:received', 'on')
  return [...all].map(([name, value]) => `${name}=${value}`)
}

/** What is not taken from a stream. */
export function refusedProperties(type: SyncDataset['type'], { set, refused }: ReplicaProperties): readonly string[] {
  return [...new Set([...dangerous[type], ...refused])].filter(
    (name) => !set.has(name) && (type === 'filesystem' || !ofFilesystemsAlone.has(name)),
  )
}
