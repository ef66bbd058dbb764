import type { PreparedRestore, RestoreRun, RestoreWishes } from '../../backup/restore.ts'
import type { RestorePlan } from '../../backup/restore-plan.ts'
import { backupOptions, backupStoreUrlOf, datasetOf } from '../../cli/backup-options.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { optionWords } from '../../cli/option-words.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { propertyOptions } from '../../cli/property-options.ts'
import { connectionOf, storeOptions } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import type { ReceiveProperties } from '../../zfs/receive-properties.ts'

const positionals = {
  snapshot: {
    describe: 'the snapshot, dataset@name, or its name alone where the settings name the dataset',
    completes: 'snapshot',
  },
} as const

const options = {
  to: { type: 'string', metavar: 'DATASET', describe: 'restore to this dataset, in any pool; its own if not given' },
  force: {
    type: 'boolean',
    default: false,
    describe:
      'roll the dataset back, destroying what is later there than what both have; replace one without snapshots',
  },
  identity: { type: 'string', metavar: 'FILE', describe: 'the file with the key for what is encrypted with age' },
  through: {
    type: 'string',
    array: true,
    metavar: 'COMMAND',
    default: [] as string[],
    describe: 'make the stream with this shell command, whatever is recorded; several are one after the other',
  },
  ...propertyOptions,
  'dry-run': {
    type: 'boolean',
    alias: 'n',
    default: false,
    describe: 'write the commands that would do it to stdout, for sh -e',
  },
  ...backupOptions,
} satisfies OptionSpecs

// How pget reaches the store; the store itself is in its URL.
const { store: _store, bucket: _bucket, ...connectionOptions } = storeOptions
const passedOn: OptionSpecs = { ...connectionOptions, config: { describe: '' } }

type Arguments = InferredArguments<typeof options, typeof positionals>

export const restore = defineCommand({
  name: 'restore',
  summary: 'bring a snapshot back from a store, with all that it needs',
  synopsis: ['[options] snapshot'],
  positionals,
  options,
  examples: [
    ['zsnap restore --store file:///backup --to tank/restored tank/home@mon', 'restore beside what is there'],
    ['zsnap restore --store file:///backup --to tank/restored --dry-run tank/home@mon', 'see how'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { prepareRestore, restore: bringBack, restoreCommands } = await import('../../backup/restore.ts')
    const { openStore } = await import('../../store/open-store.ts')
    const { parseObjectUrl } = await import('../../store/url.ts')
    const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
    const { parseReceiveProperties } = await import('../../zfs/receive-properties.ts')

    const wishes = wishesOf(args, parseReceiveProperties(args.property, args.exclude))
    checkedDatasetName(wishes.to)
    const place = parseObjectUrl(wishes.wanted, backupStoreUrlOf(args))
    const s3 = connectionOf(args, terminal)
    const store = await openStore(place, { owner: ownerOfThisProgram(), readBack: false, s3 })
    if (args['dry-run']) {
      const prepared = await prepareRestore(store, wishes)
      for (const line of restoreCommands(prepared, store, optionWords(passedOn, args))) terminal.print(line)
    } else {
      await bringBack(store, wishes, runWith(wishes, terminal))
      await tellMountpoints(wishes, terminal)
    }
  },
})

function wishesOf(args: Arguments, properties: ReceiveProperties): RestoreWishes {
  const at = args.snapshot.indexOf('@')
  const dataset = datasetOf(at < 0 ? undefined : args.snapshot.slice(0, at), args)
  const wanted = `${dataset}@${args.snapshot.slice(at + 1)}`
  const { to = dataset, force, identity, through } = args
  return { wanted, to, force, properties, identity, through }
}

function runWith(wishes: RestoreWishes, terminal: Terminal): RestoreRun {
  const { to } = wishes
  let progress = { stop: () => {} }
  return {
    signal: terminal.signal,
    onPlan: (prepared) => tell(prepared, wishes, terminal),
    onStart(backup, transfer) {
      if (terminal.verbose) terminal.say(`${backup.name}: ${formatBytes(backup.object.size)}`)
      progress = terminal.progress(transfer)
    },
    onReceived(backup) {
      progress.stop()
      terminal.event({ received: backup.name, dataset: to, storedBytes: backup.object.size })
    },
  }
}

/** What will be fetched, and what is lost. */
function tell({ plan, isPartial }: PreparedRestore, { wanted, to, force }: RestoreWishes, terminal: Terminal): void {
  const { steps, bytes } = plan
  const destroyed = plan.destroyed.map(({ name }) => name)
  terminal.event({ restore: wanted, dataset: to, objects: steps.length, bytes, destroyed })
  if (terminal.quiet) return
  if (steps.length === 0) {
    if (force) tellNothingDone(plan, to, terminal)
    return
  }
  if (isPartial) terminal.say(`${to}: throwing away what an interrupted zfs receive has kept`)
  if (destroyed.length > 0) terminal.say(`${to}: destroying ${destroyed.join(', ')}`)
  const objects = steps.length === 1 ? '1 object' : `${steps.length} objects`
  terminal.say(`${wanted} to ${to}: ${objects}, ${formatBytes(bytes)}`)
}

/** Who wants to have files back that are gone since may take the silence for their return. */
function tellNothingDone({ base }: RestorePlan, to: string, terminal: Terminal): void {
  if (base === undefined) return
  terminal.say(`${to}: has ${base.name} already: nothing is fetched, and nothing rolled back`)
  terminal.hint(`zsnap rollback '${base.name}' brings the dataset back to it`)
}

/** A copy beside the dataset would be mounted in its place, at the next start of the machine or before. */
async function tellMountpoints({ wanted, to }: RestoreWishes, terminal: Terminal): Promise<void> {
  if (wanted.startsWith(`${to}@`)) return
  const { receivedValues } = await import('../../zfs/receive-properties.ts')
  const [[dataset, mountpoint] = []] = await receivedValues(to, 'mountpoint')
  if (dataset === undefined) return
  terminal.say(`${dataset}: its mountpoint came with the stream: ${mountpoint}`)
  terminal.hint(`before it is mounted: zfs inherit mountpoint '${dataset}'; -x mountpoint keeps it out of the stream`)
}
