import { type Begin, decodeBegin, isMagicSwapped } from './begin.ts'
import { type Fletcher4, sharedFletcher4 } from './fletcher4.ts'
import { after, misplaced, type Place } from './nesting.ts'
import { isPossible, payloadLength } from './payload-length.ts'
import { checksumAt, checksumBytes, endAt, guid, recordTypes, typeNumber } from './record-layout.ts'

/**
 * Checks records one after the other as they lie in the memory of fletcher4: whether they may stand there, can be so
 * long, and have the right checksums. Complaints are words for a message.
 *
 * All bytes of a stream are covered by a checksum, and damage in them is found, but for these (what finds it there):
 * - the first record's type and magic number, by which a stream is known at all (opening.ts)
 * - the END of old senders (zfs-fuse), and of a package's header: it has no checksum of its own (its guid must be
 *   BEGIN's, its other checksum the stream's, all else zero)
 * - END's own checksum: if all of it is lost it counts as not sent (END's other checksum has proven the stream)
 * - the last END of a package (must be zero)
 * - in a package, streams that are missing or there twice: no checksum goes from one to the next, and `zfs send -R`
 *   writes the last END even if a stream failed (zfs_send in libzfs_sendrecv.c). The stream of the snapshot that the
 *   package is named after must be there. Its list does not help with the others: `zfs send -X` of OpenZFS 2.2 lists
 *   what it leaves out. The sender's exit status alone tells.
 */
export class RecordChecker {
  /** Records by type, in the order of `recordTypes`, and the bytes of their payloads. */
  readonly recordCounts = new Float64Array(recordTypes.length)
  readonly payloadBytes = new Float64Array(recordTypes.length)
  recordCount = 0
  place: Place = 'start'
  /** Of the last record: its type's number, its payload's bytes, whether its numbers are big-endian. */
  type = 0
  payloadLength = 0
  isSwapped = false

  readonly #fletcher4: Fletcher4 = sharedFletcher4()
  readonly #view = new DataView(this.#fletcher4.memory.buffer)
  readonly #onBegin: (begin: Begin) => void
  #toGuid = ''
  // The name of the snapshot that a package is about, until its stream comes.
  #awaited: string | undefined

  constructor(onBegin: (begin: Begin) => void) {
    this.#onBegin = onBegin
  }

  /** Takes the header at `at` into the sum. Returns what is wrong with it. */
  check(at: number): string | undefined {
    const type = this.#typeAt(at)
    const complaint = this.#checkAs(type, at) ?? this.#checkLength(type, at)
    if (complaint !== undefined) return complaint
    this.type = type
    this.recordCount += 1
    this.recordCounts[type] = (this.recordCounts[type] ?? 0) + 1
    this.payloadBytes[type] = (this.payloadBytes[type] ?? 0) + this.payloadLength
    return undefined
  }

  #typeAt(at: number): number {
    const type = this.#view.getUint32(at, !this.isSwapped)
    // The substreams of a package could differ in byte order: each is told by its magic, the last END by its type.
    const isSwappedEnd = this.place === 'package' && this.#view.getUint32(at, this.isSwapped) === typeNumber.end
    if (isSwappedEnd) this.isSwapped = !this.isSwapped
    return isSwappedEnd ? typeNumber.end : type
  }

  #checkAs(type: number, at: number): string | undefined {
    if (type === typeNumber.begin) return this.#checkBegin(at)
    if (type === typeNumber.end) return this.place === 'package' ? this.#checkLastEnd(at) : this.#checkEnd(at)
    return this.#checkContent(type, at)
  }

  #checkBegin(at: number): string | undefined {
    const isSwapped = isMagicSwapped(this.#view, at)
    if (isSwapped === undefined) return "the BEGIN record's magic number is wrong"
    const begin = decodeBegin(this.#view, at, !isSwapped)
    if (typeof begin === 'string') return begin
    const place = after(this.place, begin.header)
    if (place === undefined) return misplaced('BEGIN', this.place)
    this.place = place
    this.isSwapped = isSwapped
    this.#toGuid = begin.snapshot.guid
    if (begin.header === 'package') this.#awaited = begin.snapshot.name
    else if (begin.snapshot.name === this.#awaited) this.#awaited = undefined
    this.#add(at, checksumAt + checksumBytes)
    this.#onBegin(begin)
    return undefined
  }

  #checkContent(type: number, at: number): string | undefined {
    const place = after(this.place, 'content')
    if (place === undefined) return misplaced(nameOf(type), this.place)
    this.#add(at, checksumAt)
    if (!this.#isOwnChecksumRight(at)) return `the ${recordTypes[type] ?? 'unknown'} record's checksum does not match`
    if (recordTypes[type] === undefined) return `a record of type ${type} is not known`
    this.#add(at + checksumAt, checksumBytes)
    return undefined
  }

  #checkEnd(at: number): string | undefined {
    const place = after(this.place, 'end')
    if (place === undefined) return misplaced('END', this.place)
    if (!this.#fletcher4.equals(at + endAt.checksum, this.isSwapped))
      return "the END record's checksum of the stream does not match"
    this.#add(at, checksumAt)
    if (!this.#isOwnChecksumRight(at)) return "the END record's checksum does not match"
    const toGuid = guid(this.#view, at + endAt.toGuid, !this.isSwapped)
    if (toGuid !== this.#toGuid) return `the END record is of guid ${toGuid}, the BEGIN record of ${this.#toGuid}`
    const isRestZero =
      this.#fletcher4.isZero(at + 4, 4) && this.#fletcher4.isZero(at + endAt.rest, checksumAt - endAt.rest)
    if (!isRestZero) return 'the END record holds what it cannot hold'
    this.place = place
    this.#fletcher4.reset()
    return undefined
  }

  /** What ends a package is empty; zstream(8) gives it a checksum that begins with itself. */
  #checkLastEnd(at: number): string | undefined {
    this.#add(at, checksumAt)
    if (!this.#isOwnChecksumRight(at)) return "the last END record's checksum does not match"
    if (!this.#fletcher4.isZero(at + 4, checksumAt - 4)) return 'the last END record of the package is not empty'
    if (this.#awaited !== undefined) return `the package ends without the stream of ${this.#awaited}`
    this.place = 'end'
    return undefined
  }

  #isOwnChecksumRight(at: number): boolean {
    return (
      this.#fletcher4.equals(at + checksumAt, this.isSwapped) || this.#fletcher4.isZero(at + checksumAt, checksumBytes)
    )
  }

  #checkLength(type: number, at: number): string | undefined {
    this.payloadLength = payloadLength(type, this.#view, at, !this.isSwapped)
    if (isPossible(type, this.payloadLength)) return undefined
    return `a payload of ${this.payloadLength} bytes is impossible in a record of type ${nameOf(type)}`
  }

  #add(at: number, length: number): void {
    this.#fletcher4.add(at, length, this.isSwapped)
  }
}

function nameOf(type: number): string {
  return recordTypes[type] ?? String(type)
}
