import type { BackupRun, BackupWishes, PreparedBackup } from '../../backup/back-up.ts'
import type { BackupJob } from '../../backup/backup-job.ts'
import { backupOptions, backupStoreUrlOf, datasetOf } from '../../cli/backup-options.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { goOnAfterFailures } from '../../cli/going-on.ts'
import { objectOptions, objectSettingsOf } from '../../cli/object-options.ts'
import { optionWords } from '../../cli/option-words.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { runtimeFolder } from '../../cli/runtime-folder.ts'
import { connectionOf, storeOptions } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { bandwidthOf, bandwidthOption } from '../../cli/timetable.ts'
import { formatBytes } from '../../cli/units.ts'
import { packageVersion } from '../../cli/version.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Check } from '../../stream/checked-input.ts'

const positionals = {
  dataset: {
    describe: 'the file system or volume',
    optional: true,
    namesDataset: true,
    completes: 'dataset',
  },
} as const

// Each stream has its own length.
const { estimated, ...storageOptions } = objectOptions

const options = {
  snapshot: {
    type: 'string',
    metavar: 'NAME',
    describe: 'the snapshot to back up, and all before it; the newest if not given',
  },
  full: { type: 'boolean', default: false, describe: 'begin a new chain: send all of the snapshot' },
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too, each by itself' },
  'snapshot-prefix': {
    type: 'string',
    metavar: 'PREFIX',
    setting: 'SNAPSHOT_PREFIX',
    z3: true,
    describe: 'back up only snapshots whose names begin so',
  },
  'send-flags': {
    type: 'string',
    metavar: 'FLAGS',
    describe: "flags for zfs send, such as '-w -L -c -e'",
  },
  compressor: {
    type: 'string',
    metavar: 'NAME',
    setting: 'COMPRESSOR',
    z3: true,
    default: 'none',
    describe: 'none, pigz1 to pigz9, zstd1 to zstd19, lz4, xz, pbzip2, or gpg',
  },
  encrypt: {
    type: 'string',
    array: true,
    metavar: 'age:RECIPIENT|gpg:RECIPIENT',
    default: [] as string[],
    describe: 'encrypt what is stored, after it is compressed; may be repeated',
  },
  'gpg-recipient': {
    type: 'string',
    metavar: 'NAME',
    setting: 'GPG_RECIPIENT',
    z3: true,
    default: 'z3_backup',
    describe: 'whom the compressor gpg encrypts for',
  },
  through: {
    type: 'string',
    array: true,
    metavar: 'COMMAND',
    conflicts: ['compressor', 'encrypt'],
    default: [] as string[],
    describe: 'store what this shell command makes of each stream; several are one after the other',
  },
  protect: {
    choices: ['hold', 'bookmark', 'none'] as const,
    default: 'hold' as const,
    describe: 'what keeps the last stored snapshot as the base of the next',
  },
  'dry-run': {
    type: 'boolean',
    alias: 'n',
    default: false,
    describe: 'write the commands that would do it to stdout, for sh -e',
  },
  parseable: {
    type: 'boolean',
    default: false,
    describe: "write a line for each stored snapshot: its name, NUL, bytes, as z3's",
  },
  bwlimit: {
    ...bandwidthOption,
    coerce: (text: string) => ({ rate: bandwidthOption.coerce(text), toString: () => text }),
  },
  ...backupOptions,
  ...storageOptions,
} satisfies OptionSpecs

// How pput reaches the store; the store itself is in its URL.
const { store: _store, bucket: _bucket, ...connectionOptions } = storeOptions
const passedOn: OptionSpecs = {
  ...connectionOptions,
  ...storageOptions,
  bwlimit: options.bwlimit,
  config: { describe: '' },
}

type Arguments = InferredArguments<typeof options, typeof positionals>

export const backup = defineCommand({
  name: 'backup',
  summary: 'bring snapshots into a store, and what their chains lack there',
  synopsis: ['[options] [dataset]'],
  positionals,
  options,
  examples: [
    ['zsnap backup --store file:///backup tank/home', 'back up what the store lacks of a dataset'],
    ['zsnap backup --store file:///backup --compressor zstd3 -r tank', 'all datasets below, compressed'],
    ['zsnap backup --store file:///backup --dry-run tank/home', 'see the pipelines that would do it'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { backUp, prepareBackup } = await import('../../backup/back-up.ts')
    const { openStore } = await import('../../store/open-store.ts')
    const { parseObjectUrl } = await import('../../store/url.ts')
    const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
    const { listDatasets } = await import('../../zfs/list-datasets.ts')

    const dataset = checkedDatasetName(datasetOf(args.dataset, args))
    const wishes = await wishesOf(dataset, args)
    const place = parseObjectUrl(dataset, backupStoreUrlOf(args))
    const settings = objectSettingsOf({ ...args, estimated: undefined }, place.scheme)
    const s3 = { ...connectionOf(args, terminal), ...settings }
    const store = await openStore(place, { owner: ownerOfThisProgram(), readBack: true, s3 })

    const backupRun = await runWith(args, store, terminal)
    const goingOn = goOnAfterFailures(terminal)
    for (const each of args.recursive ? await listDatasets(dataset) : [dataset]) {
      terminal.signal.throwIfAborted()
      await goingOn.attempt(async () => {
        if (args['dry-run']) await printCommands(await prepareBackup(store, each, wishes), store, args, terminal)
        else await backUp(store, each, wishes, backupRun)
      })
    }
    goingOn.end()
  },
})

async function wishesOf(dataset: string, args: Arguments): Promise<BackupWishes> {
  const { parseSendFlags } = await import('../../backup/send-flags.ts')
  const { stagesFor } = await import('../../backup/stages.ts')
  const { compressor, encrypt, through } = args
  return {
    snapshot: args.snapshot === undefined ? undefined : await snapshotOf(dataset, args.snapshot),
    isFull: args.full,
    prefix: args['snapshot-prefix'] ?? '',
    sendFlags: parseSendFlags(args['send-flags'] ?? ''),
    stages: stagesFor({ compressor, encrypt, through, gpgRecipient: args['gpg-recipient'] }),
    version: packageVersion(),
  }
}

/** The name behind the @, of a name that may have the dataset before it, as `zsnap list` prints it. */
async function snapshotOf(dataset: string, name: string): Promise<string> {
  const { checkedSnapshotName } = await import('../../zfs/dataset-name.ts')
  const whole = checkedSnapshotName(name.includes('@') ? name : `${dataset}@${name}`)
  if (whole.startsWith(`${dataset}@`)) return whole.slice(dataset.length + 1)
  throw new Failure('usage', `--snapshot ${name}: is not of ${dataset}`, { hint: 'what follows the @ will do' })
}

async function runWith(args: Arguments, store: Store, terminal: Terminal): Promise<BackupRun> {
  const checks = await checksOf(args, terminal.signal)
  let progress = { stop: () => {} }
  return {
    lock: { folder: runtimeFolder(), owner: ownerOfThisProgram() },
    protection: args.protect,
    resume: args.resume,
    signal: terminal.signal,
    checks,
    onStart(job, source) {
      if (terminal.verbose) terminal.say(`${job.key}: ${kindOf(job)}, about ${formatBytes(job.estimatedBytes)}`)
      progress = terminal.progress(source)
    },
    onDecrypted({ key }) {
      const ways = '--send-flags=-w stores it as it is, --encrypt encrypts it anew'
      terminal.say(`${key}: is encrypted here, and is stored decrypted: ${ways}`)
    },
    onStrangers(dataset, backups) {
      const those = backups === 1 ? 'its backup in the store is' : `its ${backups} backups in the store are`
      terminal.say(`${dataset}: ${those} of no snapshot here: a new chain begins`)
    },
    onStored(job, object, { doneBytes, stored: { reusedBytes } }) {
      progress.stop()
      const sizes = { streamBytes: doneBytes, storedBytes: object.size, reusedBytes }
      terminal.event({ stored: job.key, url: store.urlOf(object.key), ...sizes, metadata: object.metadata })
      if (args.parseable) terminal.print(`${job.key}\0${job.estimatedBytes}`)
      if (!terminal.verbose) return
      const reused = reusedBytes === 0 ? '' : `, ${formatBytes(reusedBytes)} of it there already`
      terminal.say(`${job.key}: stored, ${formatBytes(doneBytes)} in ${formatBytes(object.size)}${reused}`)
    },
  }
}

async function checksOf({ bwlimit }: Arguments, signal: AbortSignal): Promise<readonly Check[]> {
  if (bwlimit === undefined) return []
  const { pacedBy } = await import('../../stream/checked-input.ts')
  const { createRateLimit } = await import('../../stream/rate-limit.ts')
  return [pacedBy(createRateLimit(bandwidthOf(bwlimit.rate)), signal)]
}

function kindOf({ step: { from } }: BackupJob): string {
  return from === undefined ? 'full' : `increment to ${from.source.name}`
}

async function printCommands(
  { jobs, local }: PreparedBackup,
  store: Store,
  args: Arguments,
  terminal: Terminal,
): Promise<void> {
  const { backupPipeline } = await import('../../backup/backup-job.ts')
  const { protectionCommands } = await import('../../backup/protection.ts')
  const words = optionWords(passedOn, args)
  const storeName = await store.identity()
  for (const job of jobs) {
    terminal.print(backupPipeline(job, store.urlOf(job.key), words))
    for (const line of protectionCommands(args.protect, storeName, job, local)) terminal.print(line)
  }
}
