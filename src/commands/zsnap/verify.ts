import type { Backup } from '../../backup/backup.ts'
import type { Catalogue } from '../../backup/catalogue.ts'
import type { Depth } from '../../backup/verification.ts'
import { backupOptions } from '../../cli/backup-options.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { type GoingOn, goOnAfterFailures } from '../../cli/going-on.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { runtimeFolder } from '../../cli/runtime-folder.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { openBackupStore } from './backup-store.ts'

const positionals = {
  name: {
    many: true,
    optional: true,
    describe:
      'datasets, or snapshots as dataset@name; - reads names from stdin; all that the store has if none is named',
    completes: 'dataset',
  },
} as const

const options = {
  deep: { type: 'boolean', default: false, describe: "read all of each backup, and check the stream's own checksums" },
  drill: {
    type: 'string',
    metavar: 'DATASET',
    conflicts: 'deep',
    describe: 'restore each chain below this dataset, which must not be there, compare guids, and destroy it',
  },
  identity: { type: 'string', metavar: 'FILE', describe: 'the file with the key for what is encrypted with age' },
  ...backupOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const verify = defineCommand({
  name: 'verify',
  summary: 'check backups in a store, and record when',
  synopsis: ['[options] [name ...]'],
  positionals,
  options,
  examples: [
    ['zsnap verify --store file:///backup tank/home', 'see that all is there, and each chain whole'],
    ['zsnap verify --deep --store file:///backup tank/home@mon', 'read it, up to its last checksum'],
    ['zsnap verify --drill tank/scratch --store file:///backup tank/home', 'restore it, and destroy that again'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { readCatalogue } = await import('../../backup/catalogue.ts')
    const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
    if (args.drill !== undefined) checkedDatasetName(args.drill)
    const names = await namesGiven(args, terminal.signal)
    const store = await openBackupStore(args, terminal)
    const datasets = [...new Set(names.map((name) => checkedDatasetName(name.replace(/@.*/s, ''))))]
    const catalogue = await readCatalogue(store, { datasets, isRecursive: false })
    const goingOn = goOnAfterFailures(terminal)
    const work = { store, catalogue, args, terminal, goingOn, read: new Map() }
    const chosen = choose(names, catalogue, store)
    if (args.drill === undefined) for (const backup of chosen) await verifyOne(backup, work)
    else await drillAll(chosen, args.drill, work)
    goingOn.end()
  },
})

/** None for all. Throws 'usage' if stdin was to name some, and names none. */
async function namesGiven({ name, filesystem }: Arguments, signal: AbortSignal): Promise<readonly string[]> {
  const { readNames } = await import('../../stream/read-names.ts')
  if (name.length === 0) return filesystem === undefined ? [] : [filesystem]
  const names = await readNames(name, signal)
  if (names.length === 0) throw new Failure('usage', 'stdin names no backup')
  return names
}

interface Work {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly args: Arguments
  readonly terminal: Terminal
  readonly goingOn: GoingOn
  /** What was wrong with the bytes of each that was read by now; undefined if nothing was. */
  readonly read: Map<Backup, string | undefined>
}

/** Throws 'unavailable' for a name that the store has nothing of: silence would pass for good. */
function choose(names: readonly string[], { backups }: Catalogue, store: Store): readonly Backup[] {
  const belongsTo = (backup: Backup, name: string) => backup.name === name || backup.name.startsWith(`${name}@`)
  const missing = names.find((name) => !backups.some((backup) => belongsTo(backup, name)))
  if (missing !== undefined) throw new Failure('unavailable', `${missing}: there is no backup of it in the store`)
  if (backups.length === 0) throw new Failure('unavailable', `${store.urlOf('')}: there is no backup`)
  return names.length === 0 ? backups : backups.filter((backup) => names.some((name) => belongsTo(backup, name)))
}

async function verifyOne(backup: Backup, work: Work): Promise<void> {
  const { catalogue, args, terminal } = work
  terminal.signal.throwIfAborted()
  await judge([backup], args.deep ? 'deep' : 'cheap', work, async () => {
    if (args.deep) await readAll(backup, work)
    else refuseFlaw(backup, catalogue)
  })
}

/** What was found by reading it stays found, until it is read again. */
function refuseFlaw(backup: Backup, { flawOf }: Catalogue): void {
  const flaw = flawOf(backup)
  if (flaw !== undefined) throw new Failure('data', flaw)
}

async function readAll(backup: Backup, { store, args, terminal }: Work): Promise<void> {
  const { undoingOf } = await import('../../backup/receive-backup.ts')
  const { verifyBackup } = await import('../../backup/verify-backup.ts')
  const { Transfer } = await import('../../stream/transfer.ts')
  const undoing = undoingOf(backup, { identity: args.identity, through: [] })
  const transfer = new Transfer(backup.object.size)
  const progress = terminal.progress(transfer)
  try {
    await verifyBackup(store, backup, { undoing, transfer, signal: terminal.signal })
  } finally {
    progress.stop()
  }
}

async function drillAll(chosen: readonly Backup[], scratch: string, work: Work): Promise<void> {
  const { chainOf, drill, tipsOf } = await import('../../backup/drill.ts')
  const { store, catalogue, args, terminal } = work
  const lock = { folder: runtimeFolder(), owner: ownerOfThisProgram() }
  for (const tip of tipsOf(chosen, catalogue)) {
    terminal.signal.throwIfAborted()
    let progress = { stop: () => {} }
    const run = {
      signal: terminal.signal,
      onPlan: () => {},
      onStart: (_: Backup, transfer: Parameters<Terminal['progress']>[0]) => {
        progress = terminal.progress(transfer)
      },
      onReceived: () => progress.stop(),
    }
    const wishes = { scratch, identity: args.identity, lock }
    await judge([...chainOf(tip, catalogue)], 'drill', work, () => drill(store, tip, wishes, run))
    progress.stop()
  }
}

/** Does the work, which fails with 'data' if a backup is bad, tells and records what came of it. The first is the one meant. */
async function judge(backups: readonly Backup[], depth: Depth, work: Work, check: () => Promise<void>): Promise<void> {
  const { recordVerification } = await import('../../backup/verification.ts')
  const { store, terminal, goingOn } = work
  const [meant] = backups as [Backup]
  const failure = await failureOf(check)
  if (failure === undefined || failure.kind === 'data') work.read.set(meant, failure?.message)
  const told = failure ?? (depth === 'deep' ? chainFailure(meant, work) : undefined)
  if (told !== undefined) {
    const { kind, message, hint } = told
    goingOn.note(new Failure(kind, prefixed(meant.name, message), { ...(hint && { hint }), cause: told }))
  } else if (terminal.verbose) terminal.say(`${meant.name}: good, ${formatBytes(meant.object.size)} (${depth})`)
  terminal.event({ backup: meant.name, depth, good: told === undefined, flaw: told?.message })
  // Any other failure, such as a store out of reach or a key that is missing, says nothing of the backup.
  if (failure !== undefined && (failure.kind !== 'data' || depth === 'cheap')) return
  const found = { at: new Date(), depth, flaw: failure?.message }
  const recorded = failure === undefined ? backups.filter((each) => !isKnownDeeper(each, depth, work)) : [meant]
  for (const backup of recorded) await goingOn.attempt(() => recordVerification(store, backup, found))
}

/** What was read and is good cannot be restored without what it goes on from. Of its own bytes that says nothing. */
function chainFailure(backup: Backup, { catalogue, read }: Work): Failure | undefined {
  const ownFlawNow = (below: Backup) => (read.has(below) ? read.get(below) : catalogue.ownFlawOf(below))
  const flaw = catalogue.flawBelow(backup, ownFlawNow)
  return flaw === undefined ? undefined : new Failure('data', flaw)
}

/** A look at the object alone does not take the place of what reading it has proven. */
function isKnownDeeper(backup: Backup, depth: Depth, { catalogue }: Work): boolean {
  const known = catalogue.verificationOf(backup)
  return depth === 'cheap' && known !== undefined && known.depth !== 'cheap'
}

async function failureOf(check: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

function prefixed(name: string, message: string): string {
  return message.includes(name) ? message : `${name}: ${message}`
}
