import type { Catalogue } from '../../backup/catalogue.ts'
import type { mayHold as MayHold } from '../../backup/same-snapshot.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { givenStoreOf, givenStoreOptions } from '../../cli/given-store.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'
import { openBackupStore } from './backup-store.ts'

const positionals = {
  dataset: {
    many: true,
    optional: true,
    describe: 'file systems and volumes; - reads their names from stdin, one on a line; all if none is named',
    completes: 'dataset',
  },
} as const

const options = {
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too' },
  match: { type: 'string', metavar: 'GLOB', describe: 'only snapshots whose names match, such as *_H' },
  exact: {
    type: 'boolean',
    alias: 'H',
    default: false,
    describe: 'no heading, a tab between columns, bytes, and seconds since 1970',
  },
  ...givenStoreOptions,
  store: { ...givenStoreOptions.store, describe: 'say of each snapshot whether this store has it' },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const list = defineCommand({
  name: 'list',
  summary: 'list snapshots',
  synopsis: ['[options] [dataset ...]'],
  positionals,
  options,
  examples: [
    ['zsnap list -r tank/home', 'of a dataset and all below it'],
    ["zsnap list -H --match 'zsnap-2026*' tank/home | cut -f 1", 'the names of some, for other programs'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { compileGlob } = await import('../../snapshots/glob.ts')
    const { readNames } = await import('../../stream/read-names.ts')
    const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
    const { listManySnapshots } = await import('../../zfs/snapshot-listing.ts')

    const isMeant = compileGlob(args.match ?? '*')
    const datasets = (await readNames(args.dataset, terminal.signal)).map(checkedDatasetName)
    // A list that some program made may be empty: that is not all there are.
    if (datasets.length === 0 && args.dataset.length > 0) throw new Failure('usage', 'stdin names no dataset')
    const [snapshots, storedOf] = await Promise.all([
      listManySnapshots(datasets, { isRecursive: args.recursive }),
      readStored(datasets, args, terminal),
    ])
    const meant = snapshots.filter(({ name }) => isMeant(name))
    if (terminal.json) terminal.events(meant.map((each) => eventOf(each, storedOf?.(each))))
    else if (meant.length > 0) terminal.print(linesOf(meant, storedOf, args).join('\n'))
  },
})

/** Whether the store has it, and why it could not be brought back from there. */
interface Stored {
  readonly isThere: boolean
  readonly flaw?: string | undefined
}

type StoredOf = (snapshot: Snapshot) => Stored

async function readStored(
  datasets: readonly string[],
  args: Arguments,
  terminal: Terminal,
): Promise<StoredOf | undefined> {
  if (args.store === undefined) return undefined
  const { readCatalogue } = await import('../../backup/catalogue.ts')
  const store = await openBackupStore(givenStoreOf(args), terminal)
  const { mayHold } = await import('../../backup/same-snapshot.ts')
  return storedIn(await readCatalogue(store, { datasets, isRecursive: args.recursive }), mayHold)
}

/** By guid; by name alone where no guid was recorded. */
function storedIn({ backups, flawOf }: Catalogue, mayHold: typeof MayHold): StoredOf {
  const byName = new Map(backups.filter(({ guid }) => guid === undefined).map((each) => [each.name, each]))
  const byGuid = new Map(backups.map((each) => [each.guid, each]))
  return (snapshot) => {
    const named = byName.get(snapshot.name)
    const backup = byGuid.get(snapshot.guid) ?? (named && mayHold(named, snapshot) ? named : undefined)
    return backup === undefined ? { isThere: false } : { isThere: true, flaw: flawOf(backup) }
  }
}

const header = ['NAME', 'GUID', 'CREATETXG', 'CREATION', 'USED', 'REFER', 'WRITTEN', 'HOLDS']

function linesOf(
  snapshots: readonly Snapshot[],
  storedOf: StoredOf | undefined,
  { exact }: Arguments,
): readonly string[] {
  const formats = exact ? exactFormats : readableFormats
  const bytesOf = (count: number | undefined) => (count === undefined ? '-' : formats.bytes(count))
  const rowOf = (each: Snapshot) => {
    const { name, guid, createTxg, creation, usedBytes, referBytes, writtenBytes, holdCount } = each
    const bytes = [usedBytes, referBytes, writtenBytes].map(bytesOf)
    const row = [name, guid, String(createTxg), formats.time(creation), ...bytes, String(holdCount)]
    return storedOf === undefined ? row : [...row, wordOf(storedOf(each))]
  }
  if (exact) return snapshots.map((each) => rowOf(each).join('\t'))
  const heading = storedOf === undefined ? header : [...header, 'STORED']
  return alignedLines([heading, ...snapshots.map(rowOf)], { right: [2, 4, 5, 6, 7] })
}

const exactFormats = { bytes: String, time: (time: Date) => String(time.getTime() / 1000) }
const readableFormats = { bytes: formatBytes, time: (time: Date) => time.toISOString().replace('.000', '') }

function wordOf({ isThere, flaw }: Stored): string {
  if (!isThere) return 'no'
  return flaw === undefined ? 'yes' : 'bad'
}

function eventOf({ name, holdCount, ...facts }: Snapshot, stored: Stored | undefined): object {
  return { snapshot: name, ...facts, holds: holdCount, stored: stored?.isThere, flaw: stored?.flaw }
}
