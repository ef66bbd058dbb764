import {
  compileWebAssembly,
  createFixedMemory,
  instantiate,
  pageBytes,
  type WebAssemblyModule,
} from '../stream/web-assembly.ts'
import { packetType, protocolVersion } from './protocol.ts'
import { systemCalls } from './system-calls.ts'

interface Exports {
  connectionStart(): number
  seal(at: number, bytes: number, direction: number): void
  isSealed(at: number, bytes: number, direction: number): number
  copy(to: number, from: number, bytes: number): void
  putData(
    at: number,
    typeAndVersion: number,
    number: number,
    segment: number,
    segmentBytes: number,
    from: number,
    payloadBytes: number,
  ): void
  beginDigest(): void
  addToDigest(at: number, bytes: number): void
  finishDigest(): bigint
}

// What the system puts together is up to 64 KiB; the byte before a packet is used by its checksum.
const inAt = 4096 + 64
/** Packets that have come are put here. */
const inBytes = pageBytes
const scratchAt = inAt + inBytes
/** One packet, of whatever length. */
const scratchBytes = pageBytes
const outAt = scratchAt + scratchBytes
/** Packets that are to go are made here. */
const outBytes = 4 * pageBytes
const ringAt = Math.ceil((outAt + outBytes) / pageBytes) * pageBytes
// For keys, nonces and whatever else a cipher needs for one call.
const cipherAt = 2048

// A window has room for eight of the longest segments, whatever memory was asked for.
const leastRingBytes = 8 * pageBytes

const dataAndVersion = packetType.data * 256 + protocolVersion

let compiled: WebAssemblyModule | undefined

/** The memory of one end of a connection: what is sent and received is read, made, checked and kept in it, without copies. */
export class PacketMemory {
  readonly bytes: Buffer
  readonly inAt = inAt
  readonly scratchAt = scratchAt
  readonly outAt = outAt
  readonly ringAt = ringAt
  readonly ringBytes: number
  readonly cipherAt = cipherAt
  /** Where it begins for system calls; undefined where there are none. It never moves. */
  readonly address: number | undefined
  readonly #exports: Exports

  constructor(wantedBytes: number) {
    const ringBytes = Math.max(leastRingBytes, wantedBytes)
    const pages = Math.ceil((ringAt + ringBytes) / pageBytes)
    const memory = createFixedMemory(pages)
    compiled ??= compileWebAssembly('packet-memory')
    this.#exports = instantiate<Exports>(compiled, memory)
    this.bytes = Buffer.from(memory.buffer)
    this.ringBytes = ringBytes
    this.address = systemCalls()?.addressOf(this.bytes)
  }

  /** Where a packet of up to 64 KiB lies: it is copied here, if it is not here already. */
  place(packet: Uint8Array): number {
    if (packet.buffer === this.bytes.buffer) return packet.byteOffset
    this.bytes.set(packet.subarray(0, scratchBytes), scratchAt)
    return scratchAt
  }

  /** Where a piece of it lies; undefined for bytes that are elsewhere. */
  offsetOf(piece: Uint8Array): number | undefined {
    return piece.buffer === this.bytes.buffer ? piece.byteOffset : undefined
  }

  /** The id that DATA packets get. */
  setConnection(connection: Uint8Array): void {
    this.bytes.set(connection, this.#exports.connectionStart())
  }

  /** Makes a DATA packet, but for its tag. */
  putData(at: number, number: number, segment: number, segmentBytes: number, from: number, payloadBytes: number): void {
    this.#exports.putData(at, dataAndVersion, number, segment, segmentBytes, from, payloadBytes)
  }

  /** Writes the checksum of the `bytes` at `at` behind them. */
  seal(at: number, bytes: number, direction: number): void {
    this.#exports.seal(at, bytes, direction)
  }

  isSealed(at: number, bytes: number, direction: number): boolean {
    return this.#exports.isSealed(at, bytes, direction) !== 0
  }

  copy(to: number, from: number, bytes: number): void {
    this.#exports.copy(to, from, bytes)
  }

  /** XXH64 of all pieces that are added, which must lie in the ring; one at a time. */
  beginDigest(): { update(piece: Uint8Array): void; hex(): string } {
    const exports = this.#exports
    exports.beginDigest()
    return {
      update: (piece) => exports.addToDigest(piece.byteOffset, piece.length),
      hex: () => BigInt.asUintN(64, exports.finishDigest()).toString(16).padStart(16, '0'),
    }
  }
}
