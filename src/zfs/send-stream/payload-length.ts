import { recordTypes, typeNumber, uint64 } from './record-layout.ts'

const mebibyte = 1024 * 1024

/*
 * What a payload can have at most, by type. zfs receive refuses more (receive_read_record and receive_write_embedded in
 * module/zfs/dmu_recv.c); a larger number is a damaged length.
 */
const largest: readonly number[] = recordTypes.map((type) => {
  // SPA_MAXBLOCKSIZE
  if (type === 'WRITE' || type === 'SPILL') return 16 * mebibyte
  // DNODE_MAX_SIZE: a bonus buffer is part of its dnode.
  if (type === 'OBJECT') return 16 * 1024
  // BPE_PAYLOAD_SIZE: what a block pointer can embed.
  if (type === 'WRITE_EMBEDDED') return 112
  // A package's list of snapshots. zfs receive takes 64 MiB as a rule (ZFS_SENDRECV_MAX_NVLIST); here it only passes by.
  if (type === 'BEGIN') return 1024 * mebibyte
  return 0
})

/** The payload's length in bytes as the header at `at` gives it, whether that is possible or not. */
export function payloadLength(type: number, view: DataView, at: number, isLittleEndian: boolean): number {
  if (type === typeNumber.write) {
    const isCompressed = view.getUint8(at + 50) !== 0
    return uint64(view, at + (isCompressed ? 96 : 32), isLittleEndian)
  }
  if (type === typeNumber.object) {
    return view.getUint32(at + 36, isLittleEndian) || roundedUp(view.getUint32(at + 28, isLittleEndian))
  }
  if (type === typeNumber.spill) return uint64(view, at + 40, isLittleEndian) || uint64(view, at + 16, isLittleEndian)
  if (type === typeNumber.writeEmbedded) return roundedUp(view.getUint32(at + 52, isLittleEndian))
  if (type === typeNumber.begin) return view.getUint32(at + 4, isLittleEndian)
  return 0
}

/** Whether a record of this type can have such a payload. All are whole words: fletcher4 sums no less. */
export function isPossible(type: number, length: number): boolean {
  return length <= (largest[type] ?? 0) && length % 4 === 0
}

function roundedUp(length: number): number {
  return Math.ceil(length / 8) * 8
}
