import { headerBytes, type TypeName, typeNames } from './send-stream-writer.ts'

export interface FoundRecord {
  readonly type: TypeName
  readonly at: number
  /** Where the payload begins and ends; the next record begins there. */
  readonly payloadAt: number
  readonly end: number
}

/** The records of a good stream, found without the code under test. Stops where the stream is cut, or not good. */
export function recordsOf(stream: Uint8Array, isLittleEndian = true): FoundRecord[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
  const found: FoundRecord[] = []
  for (let at = 0; at + headerBytes <= stream.length; ) {
    const type = typeNames[view.getUint32(at, isLittleEndian)]
    if (type === undefined) break
    const payloadAt = at + headerBytes
    const end = payloadAt + payloadBytes(type, view, at, isLittleEndian)
    found.push({ type, at, payloadAt, end })
    at = end
  }
  return found
}

function payloadBytes(type: TypeName, view: DataView, at: number, isLittleEndian: boolean): number {
  const u32 = (offset: number) => view.getUint32(at + offset, isLittleEndian)
  const u64 = (offset: number) => Number(view.getBigUint64(at + offset, isLittleEndian))
  const roundedUp = (length: number) => Math.ceil(length / 8) * 8
  if (type === 'BEGIN') return u32(4)
  if (type === 'OBJECT') return u32(36) !== 0 ? u32(36) : roundedUp(u32(28))
  if (type === 'WRITE') return view.getUint8(at + 50) !== 0 ? u64(96) : u64(32)
  if (type === 'SPILL') return u64(40) !== 0 ? u64(40) : u64(16)
  return type === 'WRITE_EMBEDDED' ? roundedUp(u32(52)) : 0
}
