import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import type { Output } from '../../stream/output.ts'
import type { Inspection } from '../../zfs/send-stream/inspection.ts'
import type { StreamSnapshot } from '../../zfs/send-stream/verdict.ts'

const options = {
  'no-output': { type: 'boolean', alias: 'n', describe: 'write no stream to stdout, only check it' },
  list: { type: 'boolean', alias: 'l', describe: 'write what the stream holds to stdout, and not the stream' },
  json: { type: 'boolean', implies: 'list', describe: 'list as lines of JSON, each with a schema number' },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, Record<never, never>>

const isListing = (args: Arguments) => args.list === true || args['no-output'] === true

export const check = defineCommand({
  name: 'check',
  summary: 'pass a ZFS stream on, and say if it is truncated or damaged',
  synopsis: ['[options]'],
  positionals: {},
  options,
  examples: [
    ['zfs send tank/home@mon | zsnap check > mon.zfs', 'know that the file is whole'],
    ['zsnap check -n < mon.zfs', 'check a file'],
    ['zsnap check --list < mon.zfs', 'see which snapshots it holds'],
  ],
  stdin: 'binary',
  stdout: (args) => (isListing(args) ? 'text' : 'binary'),
  async run(args, terminal) {
    const { checked } = await import('../../stream/checked-input.ts')
    const { copy, piecesOf } = await import('../../stream/copy.ts')
    const { openInput } = await import('../../stream/input.ts')
    const { Transfer } = await import('../../stream/transfer.ts')
    const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')

    const snapshots: StreamSnapshot[] = []
    const inspection = inspectStream('zfs', {
      signal: terminal.signal,
      onBegin: ({ header, snapshot }) => {
        if (args.list && header === 'substream') snapshots.push(snapshot)
      },
    })
    const stream = checked(await openInput(0, terminal.signal), [inspection])
    const transfer = new Transfer()
    const progress = terminal.progress(transfer)
    try {
      // The last piece is held back until the whole is judged: who reads a bad stream does not get all of it.
      await copy(piecesOf(stream), await outputOf(args, terminal.signal), transfer)
    } finally {
      progress.stop()
      await stream.close()
      if (args.list) list(snapshots, inspection, terminal)
    }
  },
})

async function outputOf(args: Arguments, signal: AbortSignal): Promise<Output> {
  if (isListing(args)) return { write: async () => {}, flush: async () => {} }
  const { openOutput } = await import('../../stream/output.ts')
  return openOutput(1, signal)
}

/** What was found, of a bad stream too: the failure that follows says that it is not all. */
function list(snapshots: readonly StreamSnapshot[], { facts, counts }: Inspection, terminal: Terminal): void {
  const records = counts.filter((each) => each.records > 0)
  if (terminal.json) {
    for (const snapshot of snapshots) terminal.event({ ...snapshot, creation: creationOf(snapshot) })
    if (facts !== undefined) terminal.event({ kind: facts.kind, bytes: facts.byteCount, records })
    return
  }
  const rows = snapshots.map((snapshot) => [
    snapshot.name,
    snapshot.guid,
    snapshot.fromGuid ?? '-',
    creationOf(snapshot),
    snapshot.features.join(',') || '-',
  ])
  const header = ['NAME', 'GUID', 'FROM', 'CREATION', 'FEATURES']
  if (rows.length > 0) for (const line of alignedLines([header, ...rows])) terminal.print(line)
  if (facts === undefined) return
  const types = records.map(({ type, records: count }) => `${type} ${count}`).join(', ')
  terminal.print(`${facts.kind}, ${formatBytes(facts.byteCount)}, ${facts.recordCount} records: ${types}`)
}

function creationOf({ creationTime }: StreamSnapshot): string {
  return new Date(creationTime * 1000).toISOString().replace('.000', '')
}
