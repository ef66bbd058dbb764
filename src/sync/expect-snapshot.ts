import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import { type Inspection, inspectStream } from '../zfs/send-stream/inspection.ts'

export interface ExpectedStream {
  /** Of the last snapshot in it. */
  readonly toGuid: string
  /** Of the snapshot that it begins at; undefined for a full. */
  readonly fromGuid: string | undefined
}

/**
 * Checks that a stream is whole, and is the one that was announced: it begins and ends at these snapshots, and is of one
 * dataset alone. Between listing and sending, a snapshot can be destroyed and taken anew under its name.
 */
export function expectSnapshot(expected: ExpectedStream, signal: AbortSignal): readonly Check[] {
  const seen: { first?: string | undefined; last?: string; dataset?: string; isMixed?: true; isClone?: true } = {}
  const inspection: Inspection = inspectStream('zfs', {
    signal,
    onBegin({ header, isClone, snapshot }) {
      const dataset = snapshot.name.slice(0, snapshot.name.indexOf('@'))
      if (seen.dataset !== undefined && seen.dataset !== dataset) seen.isMixed = true
      seen.dataset = dataset
      if (isClone) seen.isClone = true
      if (header === 'package') return
      if (seen.last === undefined) seen.first = snapshot.fromGuid
      seen.last = snapshot.guid
    },
  })
  const isAsAnnounced: Check = {
    look() {
      if (seen.isMixed) throw new Failure('protocol', 'the stream holds more than one dataset')
      // Its origin would be looked for in all of the receiver's pool.
      if (seen.isClone) throw new Failure('protocol', 'the stream makes a clone of another dataset')
    },
    async finish() {
      refuseOther('ends at', expected.toGuid, seen.last)
      refuseOther('begins at', expected.fromGuid, seen.first)
    },
  }
  return [inspection, isAsAnnounced]
}

function refuseOther(what: string, announced: string | undefined, found: string | undefined): void {
  if (announced === found) return
  const [wanted, sent] = [announced ?? 'no snapshot', found ?? 'no snapshot']
  throw new Failure('retry', `the stream ${what} ${sent}, and ${wanted} was announced`, {
    hint: 'a snapshot was taken anew meanwhile: run the same command again',
  })
}
