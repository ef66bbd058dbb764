import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import { type Inspection, inspectStream } from '../zfs/send-stream/inspection.ts'

export interface ExpectedStream {
  /** Of the last snapshot in it. */
  readonly toGuid: string
  /** Of the snapshot that it begins at; undefined for a full. */
  readonly fromGuid: string | undefined
  /** What it is of: by that, the receiver knows which properties to refuse. */
  readonly dataset: 'filesystem' | 'volume'
  /** Whether it must be raw: what is encrypted here stays so, also where a resume token of the receiver's says how to send. */
  readonly mustBeRaw?: boolean
  /** Told of a package: properties may come with it. */
  readonly onPackage?: () => void
}

/**
 * Checks that a stream is whole, and is the one that was announced: it begins and ends at these snapshots, and is of one
 * dataset alone. Between listing and sending, a snapshot can be destroyed and taken anew under its name.
 */
export function expectSnapshot(expected: ExpectedStream, signal: AbortSignal): readonly Check[] {
  const seen: Seen = {}
  const inspection: Inspection = inspectStream('zfs', {
    signal,
    onBegin({ header, isClone, dataset: type, snapshot }) {
      const dataset = snapshot.name.slice(0, snapshot.name.indexOf('@'))
      if (seen.dataset !== undefined && seen.dataset !== dataset) seen.isMixed = true
      seen.dataset = dataset
      if (isClone) seen.isClone = true
      if (header === 'package') return expected.onPackage?.()
      if (type !== expected.dataset) seen.otherType = type ?? 'something else'
      if (!snapshot.features.includes('raw')) seen.isDecrypted = true
      if (seen.last === undefined) seen.first = snapshot.fromGuid
      seen.last = snapshot.guid
    },
  })
  const isAsAnnounced: Check = {
    look() {
      if (seen.isMixed) throw new Failure('protocol', 'the stream holds more than one dataset')
      // Its origin would be looked for in all of the receiver's pool.
      if (seen.isClone) throw new Failure('protocol', 'the stream makes a clone of another dataset')
      if (seen.otherType !== undefined)
        throw new Failure('protocol', `the stream is of a ${seen.otherType}, and a ${expected.dataset} was announced`)
      if (seen.isDecrypted && expected.mustBeRaw)
        throw new Failure('permission', 'the stream is decrypted: nothing of it is sent', { hint: howToSendRaw })
    },
    async finish() {
      refuseOther('ends at', expected.toGuid, seen.last)
      refuseOther('begins at', expected.fromGuid, seen.first)
    },
  }
  return [inspection, isAsAnnounced]
}

interface Seen {
  first?: string | undefined
  last?: string
  dataset?: string
  otherType?: string
  isMixed?: true
  isClone?: true
  isDecrypted?: true
}

const howToSendRaw = 'an interrupted receive of another program goes on so: zfs receive -A there throws it away'

function refuseOther(what: string, announced: string | undefined, found: string | undefined): void {
  if (announced === found) return
  const [wanted, sent] = [announced ?? 'no snapshot', found ?? 'no snapshot']
  throw new Failure('retry', `the stream ${what} ${sent}, and ${wanted} was announced`, {
    hint: 'a snapshot was taken anew meanwhile: run the same command again',
  })
}
