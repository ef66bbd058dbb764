import type { Begin } from './begin.ts'
import { GatheredFacts } from './gathered-facts.ts'
import { isCutOpening, openingBytes, recogniseOpening } from './opening.ts'
import { type RecordCount, StreamReader } from './stream-reader.ts'
import type { FlawedVerdict, StreamFacts, Verdict } from './verdict.ts'

/** Judges an input as it passes, in pieces of any size: no ZFS send stream, or a complete, truncated or damaged one. */
export class StreamJudge {
  readonly #facts = new GatheredFacts()
  readonly #reader: StreamReader
  readonly #opening = new Uint8Array(openingBytes)
  #openingLength = 0
  #format: 'undecided' | 'zfs' | 'bytes' = 'undecided'
  #hasDamagedOpening = false

  /** `onBegin` is told of every BEGIN, before the checksum that covers it has come. */
  constructor(onBegin: (begin: Begin) => void = () => {}) {
    this.#reader = new StreamReader((begin) => {
      this.#facts.add(begin)
      onBegin(begin)
    })
  }

  /** 'undecided' until 16 bytes have come. */
  get format(): 'undecided' | 'zfs' | 'bytes' {
    return this.#format
  }

  /** Records and bytes so far, by type. */
  get counts(): readonly RecordCount[] {
    return this.#reader.counts
  }

  /** What is known so far; undefined until the first BEGIN (with its whole header) has been read. */
  get facts(): StreamFacts | undefined {
    const { kind, first, snapshotCount } = this.#facts
    if (first === undefined) return undefined
    const { recordCount, byteCount } = this.#reader
    return { kind, first, snapshotCount, recordCount, byteCount }
  }

  /** Damage found so far: callers look after each push, to stop early. */
  get damage(): FlawedVerdict | undefined {
    if (this.#hasDamagedOpening) return this.#wrong('damaged', 0, 0, "the first record's type or magic number is wrong")
    const { fault } = this.#reader
    return fault === undefined ? undefined : this.#wrong('damaged', fault.offset, fault.record, fault.reason)
  }

  /** The next bytes of the input, which may lie in shared memory. Once damage is found the rest is ignored. */
  push(bytes: Uint8Array): void {
    if (this.#format === 'undecided') this.#open(bytes)
    else if (this.#format === 'zfs' && !this.#hasDamagedOpening) this.#reader.push(bytes)
  }

  /** The judgement if the input ends here. It changes nothing: more may be pushed after it. */
  finish(): Verdict {
    if (this.#format === 'undecided') return this.#judgeCutOpening()
    const { damage, facts } = this
    if (damage !== undefined) return damage
    if (this.#format === 'bytes') return { kind: 'bytes' }
    const { byteCount, currentRecord, missing } = this.#reader
    if (missing === undefined && facts !== undefined) return { kind: 'complete', facts }
    return this.#wrong('truncated', byteCount, currentRecord, missing ?? '')
  }

  #open(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, openingBytes - this.#openingLength)
    this.#opening.set(taken, this.#openingLength)
    this.#openingLength += taken.length
    if (this.#openingLength < openingBytes) return
    const opening = recogniseOpening(this.#opening)
    this.#format = opening === 'bytes' ? 'bytes' : 'zfs'
    this.#hasDamagedOpening = opening === 'damaged'
    if (opening !== 'zfs') return
    this.#reader.push(this.#opening)
    this.#reader.push(bytes.subarray(taken.length))
  }

  #judgeCutOpening(): Verdict {
    const opening = this.#opening.subarray(0, this.#openingLength)
    if (!isCutOpening(opening)) return { kind: 'bytes' }
    return this.#wrong('truncated', opening.length, 0, 'the first record is not whole')
  }

  #wrong(kind: FlawedVerdict['kind'], offset: number, record: number, reason: string): FlawedVerdict {
    return { kind, offset, record, snapshot: this.#facts.current?.name ?? '', reason, facts: this.facts }
  }
}
