import type { StoreArguments } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { RateAt } from '../../cli/timetable.ts'
import { Failure } from '../../errors.ts'
import type { Output } from '../../stream/output.ts'
import { openChunks } from './destination.ts'
import type { Arguments } from './options.ts'
import { pacing } from './pacing.ts'
import { streamOpinions } from './stream-opinions.ts'

// Ahead of what is written.
const joinAhead = 4

type JoinArguments = StoreArguments & {
  readonly from: string | undefined
  readonly bwlimit: RateAt | undefined
}

/** Brings a stream back to stdout. */
export async function join(args: Arguments, terminal: Terminal): Promise<void> {
  if (args.destination !== undefined) throw new Failure('usage', '--join takes the destination alone')
  const { openOutput } = await import('../../stream/output.ts')
  const url = args.stream === undefined ? args.source : `${args.source}/${args.stream}`
  await joinTo(openOutput(1, terminal.signal), url, args, terminal)
}

/** Writes the chunks below a URL as one stream, and flushes it. */
export async function joinTo(output: Output, url: string, args: JoinArguments, terminal: Terminal): Promise<void> {
  const { joinChunks } = await import('../../chunks/join-chunks.ts')
  const { copy } = await import('../../stream/copy.ts')
  const { Transfer } = await import('../../stream/transfer.ts')
  const store = await openChunks(url, args, terminal)
  const begin = await streamOpinions()
  const checks = await pacing(args.bwlimit, terminal.signal)
  const transfer = new Transfer()
  const progress = terminal.progress(transfer)
  const pieces = joinChunks(store, { from: args.from, ahead: joinAhead, memoryBytes: args.memory, begin, checks })
  await copy(pieces, output, transfer).finally(() => progress.stop())
}
