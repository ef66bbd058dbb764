import type { Begin } from './begin.ts'
import { type Fletcher4, sharedFletcher4 } from './fletcher4.ts'
import type { Place } from './nesting.ts'
import { RecordChecker } from './record-checker.ts'
import { headerBytes, type RecordType, recordTypes } from './record-layout.ts'

/** Where a stream goes wrong. */
export interface Fault {
  /** Where the record begins that fails its check, in bytes from the stream's start. */
  readonly offset: number
  readonly record: number
  readonly reason: string
}

/** Records of one type, and the bytes of their payloads. */
export interface RecordCount {
  readonly type: RecordType
  readonly records: number
  readonly payloadBytes: number
}

// What is summed at once: between copy and sum it should stay in the processor's second-level cache.
const pieceBytes = 256 * 1024

/** Reads a send stream on its way through and checks every record. Of what has passed it keeps less than one header. */
export class StreamReader {
  /** Bytes that were looked at: all that came, up to what is wrong. */
  byteCount = 0
  fault: Fault | undefined

  readonly #records: RecordChecker
  readonly #fletcher4: Fletcher4 = sharedFletcher4()
  // The memory is shared: what this stream has in it between two pieces is kept here.
  readonly #sums = new Uint8Array(this.#fletcher4.sums.length)
  // The beginning of a header or of a word whose rest has not come yet. In memory it stands before the next piece.
  readonly #carried = new Uint8Array(headerBytes)
  readonly #pieceAt = this.#fletcher4.freeAt + headerBytes
  #carriedBytes = 0
  #payloadLeft = 0

  /**
   * `onBegin` is told of every BEGIN with its header; the checksum that covers it comes in the next record. It must not
   * push to another reader itself, since all share the memory of fletcher4.
   */
  constructor(onBegin: (begin: Begin) => void = () => {}) {
    this.#records = new RecordChecker(onBegin)
  }

  get recordCount(): number {
    return this.#records.recordCount
  }

  /** The number of the record that the next byte belongs to. */
  get currentRecord(): number {
    return this.#payloadLeft > 0 ? this.recordCount - 1 : this.recordCount
  }

  get place(): Place {
    return this.#records.place
  }

  /** What has passed so far, by type. */
  get counts(): readonly RecordCount[] {
    const { recordCounts, payloadBytes } = this.#records
    return recordTypes.map((type, index) => ({
      type,
      records: recordCounts[index] ?? 0,
      payloadBytes: payloadBytes[index] ?? 0,
    }))
  }

  /** What the stream lacks if it ends here, in words; undefined if it is whole. Can be asked at any time. */
  get missing(): string | undefined {
    if (this.#payloadLeft > 0) {
      const { type, payloadLength } = this.#records
      const bytes = payloadLength - this.#payloadLeft + this.#carriedBytes
      return `the ${recordTypes[type]} record has ${bytes} of its payload's ${payloadLength} bytes`
    }
    if (this.#carriedBytes > 0) return `the record has ${this.#carriedBytes} of its header's ${headerBytes} bytes`
    if (this.place === 'end') return undefined
    return this.place === 'package' ? "the package's last END record is missing" : 'the END record is missing'
  }

  /** The next bytes, as many as there are. After a fault they are ignored. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.fault === undefined; at += pieceBytes) {
      this.#read(bytes.length <= pieceBytes ? bytes : bytes.subarray(at, at + pieceBytes))
    }
  }

  #read(piece: Uint8Array): void {
    const { memory, sums } = this.#fletcher4
    const from = this.#pieceAt - this.#carriedBytes
    const end = this.#pieceAt + piece.length
    if (this.#carriedBytes > 0) memory.set(this.#carried.subarray(0, this.#carriedBytes), from)
    memory.set(piece, this.#pieceAt)
    sums.set(this.#sums)
    const rest = this.#readUntil(from, end)
    this.#sums.set(sums)
    if (this.fault !== undefined) return
    this.byteCount += piece.length
    this.#carriedBytes = end - rest
    if (rest < end) this.#carried.set(memory.subarray(rest, end))
  }

  /** Reads what is whole in memory and returns where the rest begins. */
  #readUntil(from: number, end: number): number {
    let at = from
    while (at < end) {
      const bytes = this.#payloadLeft > 0 ? this.#readPayload(at, end) : this.#readHeader(at, end)
      if (bytes === 0) break
      at += bytes
    }
    return at
  }

  #readPayload(at: number, end: number): number {
    const bytes = Math.min(this.#payloadLeft, (end - at) & ~3)
    this.#fletcher4.add(at, bytes, this.#records.isSwapped)
    this.#payloadLeft -= bytes
    return bytes
  }

  /** Returns 0 if the header is not whole, or wrong. */
  #readHeader(at: number, end: number): number {
    if (this.place === 'end')
      return this.#fail(at, 1, 'bytes follow the end of the stream; zfs receive would ignore them')
    if (end - at < headerBytes) return 0
    const complaint = this.#records.check(at)
    if (complaint !== undefined) return this.#fail(at, headerBytes, complaint)
    this.#payloadLeft = this.#records.payloadLength
    return headerBytes
  }

  #fail(at: number, lookedAtBytes: number, reason: string): 0 {
    const offset = this.byteCount + at - this.#pieceAt
    this.byteCount = offset + lookedAtBytes
    this.fault = { offset, record: this.recordCount, reason }
    return 0
  }
}
