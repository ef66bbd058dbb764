import { Failure } from '../../errors.ts'
import type { Check } from '../../stream/checked-input.ts'
import { startChild } from '../../stream/child.ts'
import { type Compression, recogniseCompression } from '../../stream/compression.ts'
import { writerTo } from '../../stream/filter.ts'
import { programInput } from '../../stream/program-input.ts'
import type { Begin } from './begin.ts'
import { StreamJudge } from './judge.ts'
import type { RecordCount } from './stream-reader.ts'
import type { FlawedVerdict, StreamFacts } from './verdict.ts'

/** auto: a ZFS stream is checked, all else passes. zfs: must be one, compressed perhaps. bytes: is not looked at. */
export type StreamFormat = 'auto' | 'zfs' | 'bytes'

/** Looks at a stream on its way through. What fails the check is a Failure 'data' that names the snapshot and the place. */
export interface Inspection extends Required<Check> {
  /** What the stream has shown itself to be so far. */
  readonly facts: StreamFacts | undefined
  /** Records and bytes so far, by type. */
  readonly counts: readonly RecordCount[]
}

export interface InspectionOptions {
  readonly signal?: AbortSignal | undefined
  /** What to throw if the format is 'zfs' and the stream is not. */
  readonly notZfs?: Failure | undefined
  /** Told of every BEGIN, before the checksum that covers it has come. */
  readonly onBegin?: (begin: Begin) => void
}

export function inspectStream(format: StreamFormat, options: InspectionOptions = {}): Inspection {
  if (format === 'bytes') return { look: () => {}, facts: undefined, counts: [], finish: async () => {} }
  const plain = inspectPlain(format, options)
  let inspection: Inspection = plain
  let isFirst = true
  return {
    look(piece) {
      const compression = isFirst && format === 'zfs' ? recogniseCompression(piece) : undefined
      isFirst = false
      if (compression !== undefined) inspection = inspectCompressed(compression, plain, options)
      return inspection.look(piece)
    },
    get facts() {
      return inspection.facts
    },
    get counts() {
      return inspection.counts
    },
    finish: () => inspection.finish(),
  }
}

function inspectPlain(format: 'auto' | 'zfs', options: InspectionOptions): Inspection {
  const notZfs = () => options.notZfs ?? new Failure('data', 'the input is no ZFS send stream')
  const judge = new StreamJudge(options.onBegin)
  return {
    look(piece) {
      judge.push(piece)
      if (judge.damage !== undefined) throw failureOf(judge.damage)
      if (format === 'zfs' && judge.format === 'bytes') throw notZfs()
    },
    get facts() {
      return judge.facts
    },
    get counts() {
      return judge.counts
    },
    async finish() {
      const verdict = judge.finish()
      if (verdict.kind === 'truncated' || verdict.kind === 'damaged') throw failureOf(verdict)
      if (verdict.kind === 'bytes' && format === 'zfs') throw notZfs()
    },
  }
}

// Larger than any decompressor writes at once.
const pieceBytes = 256 * 1024

/** Feeds a decompressor beside the stream's own way and judges what it makes of it. */
function inspectCompressed({ decompress }: Compression, plain: Inspection, { signal }: InspectionOptions): Inspection {
  const child = startChild(decompress, { stdin: 'pipe', stdout: 'pipe', stderr: 'keep', signal })
  const output = programInput(child, 'data')
  const writer = writerTo(child, 'data')
  let failure: unknown
  async function judgeOutput(): Promise<void> {
    const piece = new Uint8Array(pieceBytes)
    for (let count = piece.length; count === piece.length; ) {
      count = await output.fill(piece)
      await plain.look(piece.subarray(0, count))
    }
  }
  const judged = judgeOutput().catch((error) => {
    failure = error
    return child.stop()
  })
  return {
    async look(piece) {
      await writer.write(piece).catch((error) => {
        throw failure ?? error
      })
    },
    get facts() {
      return plain.facts
    },
    get counts() {
      return plain.counts
    },
    async finish() {
      await writer.end().catch((error) => {
        throw failure ?? error
      })
      await judged
      if (failure !== undefined) throw failure
      await plain.finish()
    },
  }
}

function failureOf(verdict: FlawedVerdict): Failure {
  const { kind, snapshot, record, offset, reason } = verdict
  const place = kind === 'truncated' ? `truncated: it ends at byte ${offset}` : `damaged at byte ${offset}`
  const stream = snapshot === '' ? 'the stream' : `the stream of ${snapshot}`
  return new Failure('data', `${stream} is ${place}, in record ${record}: ${reason}`)
}
