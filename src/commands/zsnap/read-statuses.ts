import type { Backup } from '../../backup/backup.ts'
import type { Catalogue } from '../../backup/catalogue.ts'
import type { DatasetStatus } from '../../backup/dataset-status.ts'
import { backupOptions } from '../../cli/backup-options.ts'
import type { InferredArguments, OptionSpecs } from '../../cli/command.ts'
import { formatDuration, parseDuration } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'

export const statusPositionals = {
  dataset: {
    many: true,
    optional: true,
    describe: 'file systems and volumes; - reads their names from stdin; all that the store has if none is named',
    completes: 'dataset',
  },
} as const

const age = { type: 'string', metavar: 'DURATION', coerce: parseDuration } as const

/** Of verbs that judge what a store has. */
export const statusOptions = {
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too' },
  'snapshot-prefix': {
    type: 'string',
    metavar: 'PREFIX',
    setting: 'SNAPSHOT_PREFIX',
    z3: true,
    describe: 'only snapshots whose names begin so',
  },
  'warn-age': { ...age, default: '26h', describe: 'warn if the newest good backup is older' },
  'crit-age': { ...age, default: '50h', describe: 'the same, and it is critical' },
  ...backupOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof statusOptions, typeof statusPositionals>

export interface ReadStatuses {
  readonly catalogue: Catalogue
  readonly statuses: readonly DatasetStatus[]
  readonly now: Date
}

/** The datasets that the command line means; none for all. Throws 'usage' for what is no dataset's name. */
export async function namedDatasets(args: Arguments, signal: AbortSignal): Promise<readonly string[]> {
  const { readNames } = await import('../../stream/read-names.ts')
  const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
  if (args.dataset.length === 0) return args.filesystem === undefined ? [] : [args.filesystem]
  const named = (await readNames(args.dataset, signal)).map(checkedDatasetName)
  if (named.length === 0) throw new Failure('usage', 'stdin names no dataset')
  return named
}

/** Judges the datasets that are named, or all that the store has, by name. */
export async function readStatuses(store: Store, named: readonly string[], args: Arguments): Promise<ReadStatuses> {
  const { readCatalogue } = await import('../../backup/catalogue.ts')
  const { judgeDataset } = await import('../../backup/dataset-status.ts')
  const catalogue = await readCatalogue(store, { datasets: named, isRecursive: args.recursive })
  const groups = groupByDataset(catalogue.backups)
  const now = new Date()
  const limits = { now, warnAgeMs: args['warn-age'], critAgeMs: args['crit-age'], formatAge: formatDuration }
  const below = args.recursive ? await datasetsBelow(named) : []
  const judged = [...new Set([...named, ...below, ...groups.keys()])].sort().map(async (dataset) => {
    const hasPrefix = ({ name }: Backup | Snapshot) =>
      name.slice(dataset.length + 1).startsWith(args['snapshot-prefix'] ?? '')
    const local = (await localSnapshots(dataset))?.filter(hasPrefix)
    const backups = (groups.get(dataset) ?? []).filter(hasPrefix)
    return judgeDataset(dataset, backups, local, catalogue, limits)
  })
  return { catalogue, now, statuses: await Promise.all(judged) }
}

/** Those here, so that one that was never backed up is seen too. */
async function datasetsBelow(datasets: readonly string[]): Promise<readonly string[]> {
  const { listDatasets } = await import('../../zfs/list-datasets.ts')
  const lists = datasets.map((dataset) =>
    listDatasets(dataset).catch((error: unknown) => {
      if (error instanceof Failure) return []
      throw error
    }),
  )
  return (await Promise.all(lists)).flat()
}

/** None of a dataset that is gone; undefined where there is no ZFS to ask. */
async function localSnapshots(dataset: string): Promise<readonly Snapshot[] | undefined> {
  const { listSnapshots } = await import('../../zfs/list-snapshots.ts')
  try {
    return await listSnapshots(dataset)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message.includes('does not exist') ? [] : undefined
  }
}

function groupByDataset(backups: readonly Backup[]): ReadonlyMap<string, readonly Backup[]> {
  const groups = new Map<string, Backup[]>()
  for (const backup of backups) {
    const dataset = backup.name.slice(0, backup.name.indexOf('@'))
    const group = groups.get(dataset)
    if (group === undefined) groups.set(dataset, [backup])
    else group.push(backup)
  }
  return groups
}
