import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'
import { openDestination } from './destination.ts'
import type { Arguments } from './options.ts'
import { streamOpinions } from './stream-opinions.ts'

// Ahead of what is written by --join.
const joinAhead = 4

/** Brings a stream back to stdout. */
export async function join(args: Arguments, terminal: Terminal): Promise<void> {
  if (args.destination !== undefined) throw new Failure('usage', '--join takes the destination alone')
  const { joinChunks } = await import('../../chunks/join-chunks.ts')
  const { copy } = await import('../../stream/copy.ts')
  const { openOutput } = await import('../../stream/output.ts')
  const { Transfer } = await import('../../stream/transfer.ts')
  const store = await openDestination(args, args.source, terminal)
  const begin = await streamOpinions()
  const transfer = new Transfer()
  const progress = terminal.progress(transfer)
  const pieces = joinChunks(store, { from: args.from, ahead: joinAhead, memoryBytes: args.memory, begin })
  await copy(pieces, openOutput(1, terminal.signal), transfer).finally(() => progress.stop())
}
