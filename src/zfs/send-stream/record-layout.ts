/*
 * A send stream is a sequence of records: a header of 312 bytes, then the payload if there is one.
 * dmu_replay_record in include/sys/zfs_ioctl.h of OpenZFS; numbers have the sender's byte order.
 *
 *     0  u32 type | 4 u32 payload's length, in BEGIN alone | 8 … what the type needs | 280 u64[4] checksum, not in BEGIN
 *
 * BEGIN            8 u64 magic | 16 u64 version: 2 bits header type, 30 bits features | 24 u64 creation time, s
 *                 32 u32 objset type | 36 u32 flags | 40 u64 toguid | 48 u64 fromguid | 56 char[256] toname
 * OBJECT           8 u64 object | 28 u32 bonus length | 36 u32 raw bonus length | 40 u64 toguid        + bonus
 * FREEOBJECTS      8 u64 first object | 16 u64 count | 24 u64 toguid
 * WRITE            8 u64 object | 24 u64 offset | 32 u64 logical size | 40 u64 toguid
 *                 50 u8 compression | 96 u64 compressed size                                            + block
 * FREE             8 u64 object | 16 u64 offset | 24 u64 length | 32 u64 toguid
 * END              8 u64[4] checksum of all before | 40 u64 toguid
 * WRITE_BYREF      8 u64 object | 16 u64 offset | 24 u64 length | 32 u64 toguid | 40 u64 refguid …
 * SPILL            8 u64 object | 16 u64 length | 24 u64 toguid | 40 u64 compressed size                + block
 * WRITE_EMBEDDED   8 u64 object | 16 u64 offset | 32 u64 toguid | 52 u32 physical size                  + data
 * OBJECT_RANGE     8 u64 first object | 16 u64 slots | 24 u64 toguid …
 * REDACT           8 u64 object | 16 u64 offset | 24 u64 length | 32 u64 toguid
 *
 * The checksum is the fletcher4 of everything from BEGIN up to itself; it and the payload then go on into the sum
 * (dump_record in module/zfs/dmu_send.c). All zero means none: old senders (zfs-fuse) have END's alone. In a stream of
 * the other byte order the sum is taken over swapped 32-bit words (receive_cksum in module/zfs/dmu_recv.c).
 */

export const headerBytes = 312
export const checksumAt = 280
export const checksumBytes = headerBytes - checksumAt

export const recordTypes = [
  'BEGIN',
  'OBJECT',
  'FREEOBJECTS',
  'WRITE',
  'FREE',
  'END',
  'WRITE_BYREF',
  'SPILL',
  'WRITE_EMBEDDED',
  'OBJECT_RANGE',
  'REDACT',
] as const

export type RecordType = (typeof recordTypes)[number]

/** As they stand in the header. */
export const typeNumber = { begin: 0, object: 1, write: 3, end: 5, spill: 7, writeEmbedded: 8 } as const

/** Offsets in a BEGIN. */
export const beginAt = {
  magic: 8,
  version: 16,
  creationTime: 24,
  datasetType: 32,
  flags: 36,
  toGuid: 40,
  fromGuid: 48,
  toName: 56,
} as const

/** Offsets in an END. */
export const endAt = { checksum: 8, toGuid: 40, rest: 48 } as const

/** DMU_BACKUP_MAGIC, 0x2F5bacbac in 64 bits, as a little-endian sender writes it; a big-endian one in reverse. */
export const magicBytes: readonly number[] = [0xac, 0xcb, 0xba, 0xf5, 0x02, 0x00, 0x00, 0x00]

/** A 64-bit field as a number: exact below 2^53, and above it still too large for any limit. */
export function uint64(view: DataView, at: number, isLittleEndian: boolean): number {
  const [low, high] = isLittleEndian ? [at, at + 4] : [at + 4, at]
  return view.getUint32(high, isLittleEndian) * 2 ** 32 + view.getUint32(low, isLittleEndian)
}

/** A guid as 16 hexadecimal digits. */
export function guid(view: DataView, at: number, isLittleEndian: boolean): string {
  return view.getBigUint64(at, isLittleEndian).toString(16).padStart(16, '0')
}
