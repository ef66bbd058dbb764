import { Failure } from '../errors.ts'
import { checked } from '../stream/checked-input.ts'
import { piecesOf } from '../stream/copy.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import { startProgramOutput } from '../stream/program-output.ts'
import { type Through, through } from '../stream/through.ts'
import { checkedDatasetName } from './dataset-name.ts'
import { inspectStream } from './send-stream/inspection.ts'
import type { StreamFacts } from './send-stream/verdict.ts'

export interface ReceiveOptions {
  /** More words for `zfs receive`, such as `-u`. */
  readonly flags?: readonly string[]
  /** What makes a stream of zfs send again of what comes, one after another. */
  readonly through?: readonly Through[]
  readonly signal?: AbortSignal
}

/**
 * Receives a stream into a dataset, and resolves to what it held. `zfs receive` gets the last piece only when the whole
 * is checked: a truncated or damaged stream is a Failure 'data', and nothing of it is received.
 */
export async function receiveDelta(
  dataset: string,
  pieces: AsyncIterable<Uint8Array>,
  { flags = [], through: hooks = [], signal }: ReceiveOptions = {},
): Promise<StreamFacts> {
  const argv = ['zfs', 'receive', ...flags, checkedDatasetName(dataset)]
  const inspection = inspectStream('zfs', { signal })
  const input = checked(iteratedInput(through(pieces, hooks)), [inspection])
  let receiver: ReturnType<typeof startProgramOutput> | undefined
  try {
    for await (const piece of piecesOf(input)) {
      receiver ??= startProgramOutput(argv, { onBadEnd: 'io', signal })
      await receiver.write(piece)
    }
    await receiver?.end()
  } finally {
    await Promise.allSettled([receiver?.stop(), input.close()])
  }
  if (inspection.facts === undefined) throw new Failure('data', `${dataset}: the stream is empty`)
  return inspection.facts
}
