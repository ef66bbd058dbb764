import { noSums, referenceFletcher4, type Sums } from './reference-fletcher4.ts'

export const headerBytes = 312
const ownChecksumAt = 280

/** Where the fields of a record lie, and how many bytes they have: dmu_replay_record in OpenZFS's zfs_ioctl.h. */
const u64 = (...offsets: number[]) => offsets.map((at) => [at, 8] as const)
const u32 = (...offsets: number[]) => offsets.map((at) => [at, 4] as const)

const fieldsOfType = {
  BEGIN: [...u64(8, 16, 24), ...u32(32, 36), ...u64(40, 48)],
  OBJECT: [...u64(8), ...u32(16, 20, 24, 28, 36), ...u64(40, 56)],
  FREEOBJECTS: u64(8, 16, 24),
  WRITE: [...u64(8), ...u32(16, 20), ...u64(24, 32, 40, 56, 64, 72, 80, 88, 96)],
  FREE: u64(8, 16, 24, 32),
  END: u64(8, 16, 24, 32, 40),
  WRITE_BYREF: u64(8, 16, 24, 32, 40, 48, 56, 72, 80, 88, 96, 104),
  SPILL: [...u64(8, 16, 24, 40), ...u32(84)],
  WRITE_EMBEDDED: [...u64(8, 16, 24, 32), ...u32(48, 52)],
  OBJECT_RANGE: u64(8, 16, 24),
  REDACT: u64(8, 16, 24, 32),
} as const

export type TypeName = keyof typeof fieldsOfType

export const typeNames = Object.keys(fieldsOfType) as readonly TypeName[]

export interface WriterOptions {
  readonly isLittleEndian?: boolean
  /** False: as old senders do, with END's checksum of the stream alone. */
  readonly hasOwnChecksums?: boolean
}

export interface WrittenRecord {
  /** A name, or the number of a type that does not exist. */
  readonly type: TypeName | number
  /** Field values by offset, as in the drawing of the source. */
  readonly fields?: Readonly<Record<number, number | bigint>>
  /** What is neither u32 nor u64: single bytes by offset. */
  readonly bytes?: Readonly<Record<number, number>>
  readonly name?: string
  readonly payload?: Uint8Array
  /** What drr_payloadlen says; the payload's length in a BEGIN, else 0. */
  readonly payloadLength?: number
}

/** Writes send streams with right checksums, also such as no ZFS sends. */
export class StreamWriter {
  readonly #pieces: Uint8Array[] = []
  readonly #isLittleEndian: boolean
  readonly #hasOwnChecksums: boolean
  #sums: Sums = noSums

  constructor({ isLittleEndian = true, hasOwnChecksums = true }: WriterOptions = {}) {
    this.#isLittleEndian = isLittleEndian
    this.#hasOwnChecksums = hasOwnChecksums
  }

  get stream(): Uint8Array {
    return Buffer.concat(this.#pieces)
  }

  /** The sums so far, for an END. */
  get sums(): Sums {
    return this.#sums
  }

  record({
    type,
    fields = {},
    bytes = {},
    name = '',
    payload = new Uint8Array(0),
    payloadLength,
  }: WrittenRecord): this {
    const header = new Uint8Array(headerBytes)
    const view = new DataView(header.buffer)
    const isBegin = type === 'BEGIN'
    const number = typeof type === 'number' ? type : typeNames.indexOf(type)
    view.setUint32(0, number, this.#isLittleEndian)
    view.setUint32(4, payloadLength ?? (isBegin ? payload.length : 0), this.#isLittleEndian)
    const sizes = new Map<number, number>(typeof type === 'number' ? [] : fieldsOfType[type])
    for (const [at, value] of Object.entries(fields)) {
      if (sizes.get(Number(at)) === 4) view.setUint32(Number(at), Number(value), this.#isLittleEndian)
      else view.setBigUint64(Number(at), BigInt(value), this.#isLittleEndian)
    }
    for (const [at, value] of Object.entries(bytes)) header[Number(at)] = value
    header.set(new TextEncoder().encode(name), 56)
    if (isBegin) this.#sums = noSums
    this.#add(header.subarray(0, ownChecksumAt))
    if (!isBegin && this.#hasOwnChecksums) this.#setSums(view, ownChecksumAt)
    this.#add(header.subarray(ownChecksumAt))
    this.#add(payload)
    this.#pieces.push(header, payload)
    return this
  }

  begin(name: string, toGuid: bigint, { fields = {}, ...more }: Omit<Partial<WrittenRecord>, 'type'> = {}): this {
    return this.record({
      type: 'BEGIN',
      name,
      ...more,
      fields: { 8: 0x2f5bacbacn, 16: 1, 24: 1_700_000_000, 32: 2, 40: toGuid, ...fields },
    })
  }

  end(toGuid: bigint): this {
    const [a, b, c, d] = this.#sums
    return this.record({ type: 'END', fields: { 8: a, 16: b, 24: c, 32: d, 40: toGuid } })
  }

  /** BEGIN and END around a package's list of snapshots, which libzfs writes without checksums of their own. */
  packageHeader(name: string, list: Uint8Array): this {
    this.begin(name, 0n, { fields: { 16: 2, 24: 0, 32: 0 }, payload: list })
    const [a, b, c, d] = this.#sums
    return this.raw(
      new StreamWriter({ isLittleEndian: this.#isLittleEndian, hasOwnChecksums: false }).record({
        type: 'END',
        fields: { 8: a, 16: b, 24: c, 32: d },
      }).stream,
    )
  }

  packageEnd(): this {
    return this.raw(
      new StreamWriter({ isLittleEndian: this.#isLittleEndian, hasOwnChecksums: false }).record({ type: 'END' }).stream,
    )
  }

  /** Bytes outside of any sum. */
  raw(bytes: Uint8Array): this {
    this.#pieces.push(bytes)
    return this
  }

  #add(bytes: Uint8Array): void {
    this.#sums = referenceFletcher4(bytes, this.#isLittleEndian, this.#sums)
  }

  #setSums(view: DataView, at: number): void {
    for (const [index, sum] of this.#sums.entries()) view.setBigUint64(at + 8 * index, sum, this.#isLittleEndian)
  }
}

export { fieldsOfType }
