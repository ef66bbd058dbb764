import { beginAt, guid, headerBytes, magicBytes, uint64 } from './record-layout.ts'
import type { StreamSnapshot } from './verdict.ts'

/** What a BEGIN record says. */
export interface Begin {
  /** A package's BEGIN (DMU_COMPOUNDSTREAM) holds a list of what follows; a substream's the snapshot itself. */
  readonly header: 'substream' | 'package'
  /** Whether `zfs receive` is to make a clone of the snapshot that it begins at, wherever in the pool that is. */
  readonly isClone: boolean
  /** What it is of. A package's own BEGIN does not tell. */
  readonly dataset: 'filesystem' | 'volume' | undefined
  readonly snapshot: StreamSnapshot
}

// DMU_GET_STREAM_HDRTYPE, the lowest two bits of drr_versioninfo.
const headerKinds = [undefined, 'substream', 'package', undefined] as const

// DMU_OST_ZFS and DMU_OST_ZVOL of dmu_objset_type_t
const datasetTypes = [undefined, undefined, 'filesystem', 'volume'] as const

// DRR_FLAG_CLONE
const cloneFlag = 1

// DMU_BACKUP_FEATURE_* by bit, in include/sys/zfs_ioctl.h; others are named by their number.
const featureNames: Readonly<Record<number, string>> = {
  0: 'dedup',
  1: 'dedupprops',
  2: 'sa-spill',
  16: 'embed-data',
  17: 'lz4',
  19: 'large-blocks',
  20: 'resuming',
  21: 'redacted',
  22: 'compressed',
  23: 'large-dnode',
  24: 'raw',
  25: 'zstd',
  26: 'holds',
  27: 'switch-to-large-blocks',
  28: 'longname',
  29: 'large-microzap',
}

const noGuid = '0000000000000000'

/** Whether the magic number in the BEGIN at `at` is big-endian; undefined if it is no magic number. */
export function isMagicSwapped(view: DataView, at: number): boolean | undefined {
  const found = magicBytes.map((_, index) => view.getUint8(at + beginAt.magic + index))
  if (found.every((byte, index) => byte === magicBytes[index])) return false
  return found.every((byte, index) => byte === magicBytes.at(-1 - index)) ? true : undefined
}

/** Decodes the BEGIN at `at`, or says in words what it cannot be. */
export function decodeBegin(view: DataView, at: number, isLittleEndian: boolean): Begin | string {
  const version = view.getBigUint64(at + beginAt.version, isLittleEndian)
  const header = headerKinds[Number(version & 3n)]
  if (header === undefined) return `the BEGIN record's header type ${version & 3n} is not known`
  const name = decodeName(view, at)
  if (!isSnapshotName(name)) return 'the BEGIN record names no snapshot'
  const fromGuid = guid(view, at + beginAt.fromGuid, isLittleEndian)
  const snapshot = {
    name,
    guid: guid(view, at + beginAt.toGuid, isLittleEndian),
    ...(fromGuid === noGuid ? {} : { fromGuid }),
    features: namesOf(Number((version >> 2n) & 0x3fffffffn)),
    creationTime: uint64(view, at + beginAt.creationTime, isLittleEndian),
  }
  const isClone = (view.getUint32(at + beginAt.flags, isLittleEndian) & cloneFlag) !== 0
  const dataset = datasetTypes[view.getUint32(at + beginAt.datasetType, isLittleEndian)]
  return { header, isClone, dataset, snapshot }
}

function decodeName(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + beginAt.toName, headerBytes - beginAt.toName)
  const end = bytes.indexOf(0)
  // A copy: TextDecoder takes no shared memory.
  return new TextDecoder().decode(bytes.slice(0, end === -1 ? bytes.length : end))
}

// The name goes into messages and metadata, so it must hold nothing that a terminal or a header would act upon.
function isSnapshotName(name: string): boolean {
  return /^[^@\p{Cc}\u{fffd}]+@[^@\p{Cc}\u{fffd}]+$/u.test(name)
}

function namesOf(features: number): readonly string[] {
  const bits = Array.from({ length: 30 }, (_, bit) => bit)
  return bits.filter((bit) => (features >>> bit) & 1).map((bit) => featureNames[bit] ?? `feature-${bit}`)
}
