import { Readable } from 'node:stream'
import { Failure } from '../errors.ts'
import { checked } from '../stream/checked-input.ts'
import { startChild } from '../stream/child.ts'
import { piecesOf } from '../stream/copy.ts'
import { programInput } from '../stream/program-input.ts'
import { type Through, through } from '../stream/through.ts'
import { inspectStream } from './send-stream/inspection.ts'
import type { Snapshot } from './snapshot.ts'

export interface SendOptions {
  /** The snapshot that the receiver has. All is sent if none is given. */
  readonly from?: Pick<Snapshot, 'name' | 'guid'>
  /** More words for `zfs send`, such as `-w`. */
  readonly flags?: readonly string[]
  /** What changes the stream after it was checked, one after another: a compressor, a cipher. */
  readonly through?: readonly Through[]
  readonly signal?: AbortSignal
}

/**
 * What `zfs send` writes of a snapshot, checked on its way. It ends only when the stream is whole and of the very
 * snapshots that are meant; else it is destroyed with a Failure: 'data' if zfs send failed or its stream is truncated.
 */
export function sendDelta(snapshot: Pick<Snapshot, 'name' | 'guid'>, options: SendOptions = {}): Readable {
  return Readable.from(through(sent(snapshot, options), options.through ?? []), { objectMode: false })
}

async function* sent(snapshot: Pick<Snapshot, 'name' | 'guid'>, { from, flags = [], signal }: SendOptions) {
  const source = from === undefined ? [] : ['-i', from.name]
  const argv = ['zfs', 'send', ...flags, ...source, snapshot.name]
  const child = startChild(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  const inspection = inspectStream('zfs', { signal })
  const input = checked(programInput(child, 'data'), [inspection])
  try {
    for await (const piece of piecesOf(input)) {
      refuseOther(snapshot, inspection.facts?.first.guid)
      if (from !== undefined) refuseOther(from, inspection.facts?.first.fromGuid)
      // It is overwritten when the next is asked for, and a Readable asks ahead.
      yield Buffer.from(piece)
    }
  } finally {
    await input.close()
  }
}

/** A snapshot can be destroyed, and taken again under its name. */
function refuseOther({ name, guid }: Pick<Snapshot, 'name' | 'guid'>, found: string | undefined): void {
  if (found === undefined || found === guid) return
  throw new Failure('data', `${name}: its guid is ${found}, ${guid} was meant: it was destroyed and taken anew`)
}
